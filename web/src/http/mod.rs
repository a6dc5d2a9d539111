//! How every answer looks: entity tags, problems, headers, and what is refused at the door.

pub(crate) mod answer;
pub(crate) mod etag;
pub(crate) mod guard;
pub(crate) mod headers;
pub(crate) mod parameters;
pub(crate) mod problem;
