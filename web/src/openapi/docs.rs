//! The page `/docs`: the document as HTML, without a script.

use super::example::{self, referenced, type_of};
use maud::{DOCTYPE, Markup, html};
use serde_json::Value;
use utoipa::openapi::OpenApi;

/// Of the example of an answer: the rest is in its schema.
const EXAMPLE_CHARS_MAX: usize = 4_000;

pub(super) fn page(document: &OpenApi) -> String {
    // Its keys are texts.
    let document = serde_json::to_value(document).unwrap_or_default();
    whole(&document).into_string()
}

fn whole(document: &Value) -> Markup {
    let info = &document["info"];
    let tags = document["tags"].as_array().into_iter().flatten();
    let tags: Vec<_> = tags
        .map(|tag| (text_of(&tag["name"]), text_of(&tag["description"])))
        .collect();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Comptoir: the API" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/docs.css";
            }
            body {
                nav aria-label="Paths" {
                    a href="/" { "Comptoir" }
                    @for (tag, _) in &tags {
                        h2 { (tag) }
                        ul { @for (path, item) in of_tag(document, tag) {
                            li { a href={ "#" (text_of(&only(item).1["operationId"])) } { (short(path)) } }
                        } }
                    }
                    h2 { "schemas" }
                    ul { @for (name, _) in schemas(document) {
                        li { a href={ "#schema-" (name) } { (name) } }
                    } }
                }
                main {
                    h1 { "The API" }
                    p { "Version " (text_of(&info["version"])) ", as "
                        a href="/api/openapi.json" { "OpenAPI " (text_of(&document["openapi"])) } "." }
                    (paragraphs(text_of(&info["description"])))
                    @for (tag, about) in &tags {
                        h2 { (tag) }
                        p { (about) }
                        @for (path, item) in of_tag(document, tag) {
                            (operation_of(document, path, item))
                        }
                    }
                    h2 { "schemas" }
                    @for (name, schema) in schemas(document) {
                        section id={ "schema-" (name) } {
                            h3 { (name) }
                            (described(schema))
                            (properties(schema))
                        }
                    }
                }
            }
        }
    }
}

fn of_tag<'d>(document: &'d Value, tag: &str) -> Vec<(&'d String, &'d Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .filter(|(_, item)| only(item).1["tags"][0] == *tag)
        .collect()
}

/// No path of ours takes two methods.
fn only(item: &Value) -> (&'static str, &Value) {
    match &item["post"] {
        Value::Null => ("GET", &item["get"]),
        post => ("POST", post),
    }
}

fn schemas(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let schemas = document["components"]["schemas"].as_object();
    schemas.into_iter().flatten()
}

fn short(path: &str) -> &str {
    path.strip_prefix("/api/v1/").unwrap_or(path)
}

fn operation_of(document: &Value, path: &str, item: &Value) -> Markup {
    let (method, operation) = only(item);
    let (status, flags) = match method {
        "POST" => ("202", "-X POST -H 'Authorization: Bearer …' "),
        _ => ("200", ""),
    };
    let answer = &operation["responses"][status]["content"];
    let json = &answer["application/json"]["schema"];
    html! {
        section id=(text_of(&operation["operationId"])) {
            h3 { code { (method) " " (path) } }
            p { (text_of(&operation["summary"])) }
            (described(operation))
            @if let Some(parameters) = operation["parameters"].as_array() {
                (parameters_of(parameters))
            }
            table {
                caption { "Answers" }
                @for (status, response) in operation["responses"].as_object().into_iter().flatten() {
                    tr {
                        th scope="row" { (status) }
                        td {
                            (code_in(text_of(&response["description"])))
                            @for (kind, content) in response["content"].as_object().into_iter().flatten() {
                                br; code { (kind) } " " (kind_of(&content["schema"]))
                            }
                        }
                    }
                }
            }
            pre { code { "curl " (flags) "'" (curl(document, path, operation)) "'" } }
            @if !json.is_null() {
                details { summary { "Example" } pre { code { (sample(document, json)) } } }
            }
        }
    }
}

fn parameters_of(parameters: &[Value]) -> Markup {
    html! {
        table {
            caption { "Parameters" }
            @for parameter in parameters {
                @let schema = &parameter["schema"];
                tr {
                    th scope="row" { code { (text_of(&parameter["name"])) } }
                    td { (kind_of(schema)) @if parameter["in"] == "path" { ", in the path" } }
                    td {
                        (text_of(&parameter["description"]))
                        @if !schema["default"].is_null() { "; " (schema["default"]) " by default" }
                    }
                }
            }
        }
    }
}

fn properties(schema: &Value) -> Markup {
    let parts = schema["allOf"].as_array().or(schema["oneOf"].as_array());
    let required = schema["required"].as_array();
    let is_optional =
        |name: &String| !required.is_some_and(|all| all.iter().any(|one| one == name));
    html! {
        @if let Some(parts) = parts {
            @for part in parts { (properties(part)) }
        } @else if let Some(properties) = schema["properties"].as_object() {
            table { @for (name, property) in properties {
                tr {
                    th scope="row" { code { (name) } @if is_optional(name) { "?" } }
                    td { (kind_of(property)) }
                    td { (described(property)) }
                }
            } }
        } @else {
            p { (kind_of(schema)) }
        }
    }
}

/// A type in a few words, with a link where it is another schema.
fn kind_of(schema: &Value) -> Markup {
    if let Some(name) = referenced(schema) {
        return html! { a href={ "#schema-" (name) } { (name) } };
    }
    let parts = |key: &str| schema[key].as_array().filter(|parts| !parts.is_empty());
    if let Some(words) = parts("enum") {
        return html! { @for (number, word) in words.iter().enumerate() {
            @if number > 0 { ", " } code { (text_of(word)) }
        } };
    }
    for (key, between) in [("allOf", " and "), ("oneOf", " or ")] {
        if let Some(parts) = parts(key) {
            return html! { @for (number, part) in parts.iter().enumerate() {
                @if number > 0 { (between) } (kind_of(part))
            } };
        }
    }
    let or_null = schema["type"].is_array();
    html! {
        @match type_of(schema) {
            "array" => {
                "list of "
                @if let Some(items) = parts("prefixItems") {
                    @for (number, item) in items.iter().enumerate() {
                        @if number > 0 { ", " } (kind_of(item))
                    }
                } @else { (kind_of(&schema["items"])) }
            }
            "" => { "anything" }
            kind => { (kind) }
        }
        @if let Some(format) = schema["format"].as_str() { " (" (format) ")" }
        @if let Some(pattern) = schema["pattern"].as_str() { " " code { (pattern) } }
        @if !schema["maximum"].is_null() && !schema["default"].is_null() {
            " from " (schema["minimum"]) " to " (schema["maximum"])
        }
        @if or_null { " or null" }
    }
}

fn described(schema: &Value) -> Markup {
    paragraphs(text_of(&schema["description"]))
}

fn paragraphs(text: &str) -> Markup {
    html! { @for part in text.split("\n\n").filter(|part| !part.is_empty()) { p { (code_in(part)) } } }
}

/// What stands between backticks is code.
fn code_in(text: &str) -> Markup {
    html! { @for (number, part) in text.split('`').enumerate() {
        @if number.is_multiple_of(2) { (part) } @else { code { (part) } }
    } }
}

/// A variable of a path that is one of some words is the first of them.
fn curl(document: &Value, path: &str, operation: &Value) -> String {
    let mut url = format!("http://127.0.0.1:8080{path}");
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let schema = &parameter["schema"];
        let schema = match referenced(schema) {
            Some(name) => &document["components"]["schemas"][name],
            None => schema,
        };
        if let Some(first) = schema["enum"][0].as_str() {
            url = url.replace(&format!("{{{}}}", text_of(&parameter["name"])), first);
        }
    }
    url
}

fn sample(document: &Value, schema: &Value) -> String {
    let text = serde_json::to_string_pretty(&example::of(document, schema)).unwrap_or_default();
    match text.char_indices().nth(EXAMPLE_CHARS_MAX) {
        Some((end, _)) => format!("{}\n…", &text[..end]),
        None => text,
    }
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
