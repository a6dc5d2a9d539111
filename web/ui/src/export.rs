//! Links to what a table or a chart shows, as a file.

use crate::settings::use_language;
use leptos::prelude::*;

/// The path of the same rows as CSV. By its mark Excel knows that the text is UTF-8.
pub(crate) fn csv_of(path: &str) -> String {
    let and = if path.contains('?') { '&' } else { '?' };
    format!("{path}{and}format=csv&bom=true")
}

#[component]
pub(crate) fn CsvLink(
    /// Of the API, with the filters of what is shown.
    path: Signal<String>,
    /// What is shown.
    what: Signal<String>,
) -> impl IntoView {
    let language = use_language();
    let name = move || format!("{} {}", language.get().text().csv_of, what.get());
    view! {
        <a class="csv" href=move || csv_of(&path.get()) title=name aria-label=name>
            "CSV"
        </a>
    }
}

#[cfg(test)]
mod tests {
    use super::csv_of;

    #[test]
    fn filters_stay_in_the_path_of_a_file() {
        assert_eq!(csv_of("/a"), "/a?format=csv&bom=true");
        assert_eq!(csv_of("/a?b=c"), "/a?b=c&format=csv&bom=true");
    }
}
