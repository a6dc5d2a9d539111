use super::*;
use crate::access::JournalQuery;
use crate::jobs::HistoryQuery;
use crate::lake::LakeQuery;
use crate::live::lists::{DeadLettersQuery, TransactionsQuery};
use crate::live::rest::{BY, By, ByQuery, SeriesQuery};
use crate::logs::search::SearchQuery;
use crate::routes::routes;
use axum::extract::Query;
use comptoir_model::history::Dimension;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Debug;

fn described() -> Value {
    serde_json::to_value(document(&[], ABOUT.to_owned())).unwrap()
}

fn names(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

/// A route that is not described in `paths.rs` fails here, and so does a path that is no route.
#[test]
fn every_route_is_described_and_nothing_else() {
    let router = format!("{:?}", routes());
    // What stands behind that answers what no route does.
    let own = router.split("fallback_router").next().unwrap();
    let patterns = own.split('"').filter(|text| text.starts_with('/'));
    let mut routes: BTreeSet<String> = patterns.map(str::to_owned).collect();
    assert!(routes.len() > 10, "{router}");
    assert!(routes.remove("/api/{*path}"), "what answers unknown paths");
    for of_people in ["/login", "/logout"] {
        assert!(routes.remove(of_people), "{of_people}");
    }
    // They are one route, and take other parameters than groups do.
    let tops = BY.iter().filter(|(_, by)| matches!(by, By::Top(_)));
    routes.extend(tops.map(|(name, _)| format!("/api/v1/live/by/{name}")));
    assert_eq!(names(&described()["paths"]), routes);
}

#[test]
fn every_reference_leads_to_a_schema() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    found.insert(reference.clone());
                }
                members
                    .values()
                    .for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = described();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 30, "{found:?}");
    for reference in found {
        let schema = document.pointer(reference.trim_start_matches('#'));
        assert!(schema.is_some(), "{reference}");
    }
}

/// As the refusal of one that there is not names them.
fn known_parameters<T: DeserializeOwned + Debug>() -> BTreeSet<String> {
    let nothing = "/?-=".parse().unwrap();
    let refused = Query::<T>::try_from_uri(&nothing).unwrap_err().body_text();
    // The first one between backticks is `-` itself.
    let quoted = refused.split('`').skip(1).step_by(2).skip(1);
    quoted.map(str::to_owned).collect()
}

fn described_parameters(document: &Value, path: &str) -> BTreeSet<String> {
    let parameters = &document["paths"][format!("/api/v1/{path}")]["get"]["parameters"];
    let parameters = parameters.as_array().unwrap().iter();
    (parameters.filter(|parameter| parameter["in"] == "query"))
        .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_history_is_filtered_by_what_it_is_grouped_by() {
    let document = described();
    let mut filters: BTreeSet<_> = Dimension::ALL.map(|it| it.to_string()).into();
    filters.extend(["from", "to"].map(str::to_owned));
    assert_eq!(described_parameters(&document, "history/summary"), filters);
    filters.extend(["format", "bom"].map(str::to_owned));
    let by = described_parameters(&document, "history/by/{dimension}");
    assert_eq!(by, filters);
}

#[test]
fn the_parameters_are_those_that_are_read() {
    let document = described();
    for (path, read) in [
        ("live/series", known_parameters::<SeriesQuery>()),
        ("transactions", known_parameters::<TransactionsQuery>()),
        ("dead-letters", known_parameters::<DeadLettersQuery>()),
        ("jobs/{name}", known_parameters::<HistoryQuery>()),
        ("lake", known_parameters::<LakeQuery>()),
        ("logs/search", known_parameters::<SearchQuery>()),
        ("journal", known_parameters::<JournalQuery>()),
        ("live/by/{dimension}", known_parameters::<ByQuery>()),
        ("live/by/product", known_parameters::<ByQuery>()),
    ] {
        assert!(!read.is_empty());
        assert_eq!(described_parameters(&document, path), read, "{path}");
    }
}

#[test]
fn every_path_has_an_identity_an_answer_and_a_tag_that_is_explained() {
    let document = described();
    let mut identities = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap();
        assert_eq!(methods.len(), 1, "{path}: {:?}", methods.keys());
        let (method, operation) = methods.iter().next().unwrap();
        let identity = operation["operationId"].as_str().unwrap();
        assert!(identities.insert(identity), "{path}: {identity}");
        let status = if method == "get" { "200" } else { "202" };
        assert!(
            operation["responses"][status]["content"].is_object(),
            "{path}"
        );
        assert!(
            operation["responses"]["421"]["content"].is_object(),
            "{path}"
        );
        let tag = operation["tags"][0].as_str().unwrap();
        assert!(TAGS.iter().any(|(name, _)| *name == tag), "{path}: {tag}");
    }
}

#[test]
fn the_page_shows_every_path_and_schema_and_nothing_of_it_is_markup() {
    let name = "<img onerror=alert(1)>";
    let document = document(&[], name.to_owned());
    let page = docs::page(&document);
    assert!(!page.contains("<img"), "{page}");
    assert!(page.contains("&lt;img"), "{page}");
    assert!(
        !page.contains("<script") && !page.contains("style="),
        "{page}"
    );
    let document = serde_json::to_value(&document).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        let method = names(item).first().unwrap().to_uppercase();
        assert!(page.contains(&format!("{method} {path}")), "{path}");
    }
    for schema in names(&document["components"]["schemas"]) {
        assert!(
            page.contains(&format!("id=\"schema-{schema}\"")),
            "{schema}"
        );
    }
}
