//! A topic's id. librdkafka tells it only through its C interface.

use rdkafka::ClientContext;
use rdkafka::bindings as c;
use rdkafka::client::Client;
use rdkafka::error::{IsError, KafkaError};
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use std::ffi::{CStr, CString};
use std::time::Duration;

/// The id of the topic's present life, as Kafka's own tools write it; `None` if there is no such
/// topic. Waits at most `limit`.
pub(super) fn topic_id<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    limit: Duration,
) -> Result<Option<String>, KafkaError> {
    let topic = CString::new(topic)?;
    // Standard base64, of which Kafka uses the variant for URLs.
    let id = describe(client, &topic, limit).map_err(KafkaError::MetadataFetch)?;
    Ok(id.map(|id| id.replace('+', "-").replace('/', "_")))
}

#[expect(
    unsafe_code,
    reason = "rdkafka has no safe function for it; everything made here is freed here"
)]
fn describe<C: ClientContext>(
    client: &Client<C>,
    topic: &CStr,
    limit: Duration,
) -> Result<Option<String>, RDKafkaErrorCode> {
    let limit = i32::try_from(limit.as_millis()).unwrap_or(i32::MAX);
    let handle = client.native_ptr();
    let mut names = [topic.as_ptr()];
    // SAFETY: the handle lives as long as `client`. The queue, the options and the collection are
    // made here and destroyed here; the request keeps its own references. The event owns all that
    // is read out of it, and is destroyed last. Strings are copied before that.
    unsafe {
        let queue = c::rd_kafka_queue_new(handle);
        let options = c::rd_kafka_AdminOptions_new(
            handle,
            c::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS,
        );
        c::rd_kafka_AdminOptions_set_request_timeout(options, limit, std::ptr::null_mut(), 0);
        let topics = c::rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), names.len());
        c::rd_kafka_DescribeTopics(handle, topics, options, queue);
        c::rd_kafka_TopicCollection_destroy(topics);
        c::rd_kafka_AdminOptions_destroy(options);
        let event = c::rd_kafka_queue_poll(queue, limit);
        let id = if event.is_null() {
            Err(RDKafkaErrorCode::OperationTimedOut)
        } else {
            let id = read_event(event);
            c::rd_kafka_event_destroy(event);
            id
        };
        c::rd_kafka_queue_destroy(queue);
        id
    }
}

#[expect(unsafe_code, reason = "see `describe`")]
unsafe fn read_event(event: *mut c::rd_kafka_event_t) -> Result<Option<String>, RDKafkaErrorCode> {
    // SAFETY: the caller has the event, and destroys it afterwards. Null pointers are looked for
    // where librdkafka may give them.
    unsafe {
        no_error(c::rd_kafka_event_error(event))?;
        let result = c::rd_kafka_event_DescribeTopics_result(event);
        if result.is_null() {
            return Err(RDKafkaErrorCode::Unknown);
        }
        let mut count = 0;
        let topics = c::rd_kafka_DescribeTopics_result_topics(result, &raw mut count);
        if count == 0 || topics.is_null() {
            return Ok(None);
        }
        let error = c::rd_kafka_TopicDescription_error(*topics);
        if !error.is_null() {
            match no_error(c::rd_kafka_error_code(error)) {
                Err(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
                    return Ok(None);
                }
                other => other?,
            }
        }
        let id = c::rd_kafka_TopicDescription_topic_id(*topics);
        if id.is_null() {
            return Err(RDKafkaErrorCode::UnsupportedFeature);
        }
        let text = c::rd_kafka_Uuid_base64str(id);
        if text.is_null() {
            return Err(RDKafkaErrorCode::UnsupportedFeature);
        }
        Ok(Some(CStr::from_ptr(text).to_string_lossy().into_owned()))
    }
}

fn no_error(code: RDKafkaRespErr) -> Result<(), RDKafkaErrorCode> {
    if code.is_error() {
        Err(code.into())
    } else {
        Ok(())
    }
}
