//! Entity tags made from the content, so that they hold across restarts and versions.

use axum::http::header::IF_NONE_MATCH;
use axum::http::{HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};

/// An opaque tag without quotes: hexadecimal digits, perhaps with the name of an encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntityTag(String);

impl EntityTag {
    pub(crate) fn of(content: &[u8]) -> Self {
        let hash = Sha256::digest(content);
        Self(hex::encode(&hash[..12]))
    }

    /// The tag of the same content in another encoding.
    pub(crate) fn variant(&self, encoding: &str) -> Self {
        Self(format!("{}-{encoding}", self.0))
    }

    /// Weak, because the same answer may be sent compressed or not.
    pub(crate) fn weak_header(&self) -> HeaderValue {
        header(&format!("W/\"{}\"", self.0))
    }

    /// Strong: the same bytes.
    pub(crate) fn header(&self) -> HeaderValue {
        header(&format!("\"{}\"", self.0))
    }

    /// Whether the client said that it has this content already.
    pub(crate) fn is_known_to(&self, request: &HeaderMap) -> bool {
        request
            .get_all(IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .any(|tag| tag == "*" || tag.trim_start_matches("W/").trim_matches('"') == self.0)
    }
}

fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_itself_in_a_list_weak_or_strong() {
        let tag = EntityTag::of(b"content");
        let known = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, value.parse().unwrap());
            tag.is_known_to(&headers)
        };
        let own = tag.header().to_str().unwrap().to_owned();
        assert!(known(&own));
        assert!(known(&format!("\"other\", W/{own}")));
        assert!(known("*"));
        assert!(!known("\"other\""));
        assert!(!tag.is_known_to(&HeaderMap::new()));
    }
}
