//! The pieces that a path is described with.

use super::schemas_of;
use crate::access::Need;
use crate::export::CSV;
use crate::http::problem::{self, PROBLEM_JSON};
use crate::live::rest::ROWS_MAX;
use axum::http::Method;
use comptoir_model::api::{Problem, ProblemKind};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem,
};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required, ResponseBuilder};

pub(super) type Schemas = Vec<(String, RefOr<Schema>)>;

/// What any request may come to.
const ALWAYS: [ProblemKind; 3] = [
    ProblemKind::BodyRefused,
    ProblemKind::WrongHost,
    ProblemKind::TimedOut,
];
/// Of what not everybody may see.
const GUARDED: [ProblemKind; 2] = [ProblemKind::LoginRequired, ProblemKind::NotAllowed];

/// A path and what is known of it.
pub(super) struct Described {
    path: String,
    method: HttpMethod,
    operation: OperationBuilder,
    /// Of the answer where nothing is wrong.
    status: &'static str,
    answer: ResponseBuilder,
    problems: Vec<ProblemKind>,
    schemas: Schemas,
}

/// A path that is read.
pub(super) fn get(path: impl Into<String>, tag: &str, summary: &str) -> Described {
    described(&Method::GET, HttpMethod::Get, path.into(), tag, summary)
}

/// A path that changes something, without a body.
pub(super) fn post(path: impl Into<String>, tag: &str, summary: &str) -> Described {
    let post = described(&Method::POST, HttpMethod::Post, path.into(), tag, summary);
    post.fails(&[ProblemKind::ForeignOrigin])
}

fn described(
    method: &Method,
    http_method: HttpMethod,
    path: String,
    tag: &str,
    summary: &str,
) -> Described {
    // No view can be called like a variable of a path.
    let id = path.trim_start_matches("/api/v1").trim_matches('/');
    let id = id.replace('/', ".").replace('{', "any-").replace('}', "");
    let operation = OperationBuilder::new()
        .operation_id(Some(id))
        .tag(tag)
        .summary(Some(summary));
    let is_open = Need::of(method, &path, Some(&path)) == Some(Need::Nothing);
    let described = Described {
        path,
        method: http_method,
        operation,
        status: "200",
        answer: ResponseBuilder::new(),
        problems: ALWAYS.into(),
        schemas: schemas_of::<Problem>(),
    };
    if is_open {
        described
    } else {
        described.fails(&GUARDED)
    }
}

impl Described {
    pub(super) fn about(mut self, description: &str) -> Self {
        self.operation = self.operation.description(Some(description));
        self
    }

    pub(super) fn takes(mut self, parameter: Parameter) -> Self {
        let kind = match parameter.parameter_in {
            ParameterIn::Path => ProblemKind::NotFound,
            _ => ProblemKind::InvalidParameter,
        };
        self.operation = self.operation.parameter(parameter);
        self.fails(&[kind])
    }

    /// Answers JSON of this type.
    pub(super) fn answers<T: ToSchema>(self) -> Self {
        (self.with_schema::<T>()).answers_json(Ref::from_schema_name(T::name()))
    }

    /// Adds a type that only a parameter or a part of the answer names.
    pub(super) fn with_schema<T: ToSchema>(mut self) -> Self {
        self.schemas.extend(schemas_of::<T>());
        self
    }

    pub(super) fn answers_json(mut self, schema: impl Into<RefOr<Schema>>) -> Self {
        let same = ResponseBuilder::new()
            .description("The same as the client has, as it says in `If-None-Match`");
        self.operation = self.operation.response("304", same);
        self.answers_with("200", "application/json", "The answer", schema)
    }

    /// Answers JSON of this type before what was asked for is done.
    pub(super) fn accepts<T: ToSchema>(self) -> Self {
        let schema = Ref::from_schema_name(T::name());
        let json = "application/json";
        (self.with_schema::<T>()).answers_with("202", json, "It will be done", schema)
    }

    /// Answers a text of this type.
    pub(super) fn answers_text(self, content_type: &str, what: &str) -> Self {
        let text = ObjectBuilder::new().schema_type(Type::String);
        self.answers_with("200", content_type, what, text)
    }

    fn answers_with(
        mut self,
        status: &'static str,
        content_type: &str,
        what: &str,
        schema: impl Into<RefOr<Schema>>,
    ) -> Self {
        let content = ContentBuilder::new().schema(Some(schema)).build();
        self.status = status;
        self.answer = self.answer.description(what).content(content_type, content);
        self
    }

    /// Answers CSV as well, where it is asked for.
    pub(super) fn exports(self) -> Self {
        self.exports_as(&["json", "csv"])
    }

    /// The same of a list that may be too long.
    pub(super) fn exports_all(self) -> Self {
        self.exports().fails(&[ProblemKind::TooManyRows])
    }

    pub(super) fn exports_as(self, formats: &[&str]) -> Self {
        let format = words(formats.iter().copied()).default(Some("json".into()));
        let bom = ObjectBuilder::new().schema_type(Type::Boolean);
        self.takes(query("format", "What the rows are written as", format))
            .takes(query(
                "bom",
                "CSV begins with a byte order mark, for Excel",
                bom,
            ))
            .answers_text(CSV, "The answer")
    }

    pub(super) fn fails(mut self, kinds: &[ProblemKind]) -> Self {
        for kind in kinds {
            if !self.problems.contains(kind) {
                self.problems.push(*kind);
            }
        }
        self
    }

    pub(super) fn build(self) -> (String, PathItem, Schemas) {
        let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
        for kind in &self.problems {
            let (status, title) = problem::describe(*kind);
            by_status.entry(status.as_u16()).or_default().push(title);
        }
        let mut operation = self.operation.response(self.status, self.answer);
        for (status, titles) in by_status {
            let schema = Ref::from_schema_name(Problem::name());
            let content = ContentBuilder::new().schema(Some(schema)).build();
            let response = ResponseBuilder::new()
                .description(titles.join(", or "))
                .content(PROBLEM_JSON, content);
            operation = operation.response(status.to_string(), response);
        }
        let item = PathItem::new(self.method, operation);
        (self.path, item, self.schemas)
    }
}

/// A parameter that may be left out.
pub(super) fn query(name: &str, about: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    parameter(name, about, ParameterIn::Query, Required::False, schema)
}

/// A parameter without which there is no question.
pub(super) fn needed(name: &str, about: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    parameter(name, about, ParameterIn::Query, Required::True, schema)
}

/// The variable part of a path.
pub(super) fn segment(name: &str, about: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    parameter(name, about, ParameterIn::Path, Required::True, schema)
}

fn parameter(
    name: &str,
    about: &str,
    place: ParameterIn,
    required: Required,
    schema: impl Into<RefOr<Schema>>,
) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(Some(about))
        .schema(Some(schema))
        .build()
}

/// How many rows; all there are by default where `default` is `None`.
pub(super) fn limit(default: Option<usize>) -> Parameter {
    let number = number(1, ROWS_MAX as u64).default(default.map(Into::into));
    query("limit", "How many rows at most", number)
}

/// Both are included.
pub(super) fn number(from: u64, to: u64) -> ObjectBuilder {
    let number = ObjectBuilder::new().schema_type(Type::Integer);
    number.minimum(Some(from)).maximum(Some(to))
}

/// The `next_cursor` of the page before.
pub(super) fn cursor(pattern: &str) -> Parameter {
    let about = "`next_cursor` of the page before, to go on behind it";
    query("cursor", about, text().pattern(Some(pattern)))
}

pub(super) fn time() -> ObjectBuilder {
    let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    text().format(Some(format))
}

pub(super) fn day() -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
}

pub(super) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// One of these.
pub(super) fn words<'w>(words: impl IntoIterator<Item = &'w str>) -> ObjectBuilder {
    text().enum_values(Some(words))
}

/// A type that is described by its name. Its schema comes with the path's answer.
pub(super) fn named<T: ToSchema>() -> Ref {
    Ref::from_schema_name(T::name())
}
