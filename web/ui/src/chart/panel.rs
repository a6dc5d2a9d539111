//! The frame of a chart: heading, what stands out, the chart or its table, and the caption.

use crate::export::CsvLink;
use crate::settings::use_language;
use leptos::prelude::*;

/// What stands out, with the exact value behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Headline {
    pub(crate) figure: &'static str,
    pub(crate) group: String,
    pub(crate) value: String,
    pub(crate) sentence: String,
}

#[component]
pub(crate) fn ChartPanel(
    /// Distinguishes this panel's element ids.
    id: &'static str,
    #[prop(into)] heading: Signal<String>,
    #[prop(into)] headline: Signal<Option<Headline>>,
    #[prop(into)] caption: Signal<&'static str>,
    /// Whether there is nothing to draw, and what the panel says then.
    #[prop(into)]
    is_empty: Signal<bool>,
    #[prop(into)] nothing: Signal<&'static str>,
    /// The same numbers as a table.
    #[prop(into)]
    table: ViewFn,
    /// Path of the API that has the same numbers.
    csv: Signal<String>,
    /// Stands between the heading and the chart.
    #[prop(optional, into)]
    choice: Option<ViewFn>,
    children: Children,
) -> impl IntoView {
    let language = use_language();
    let as_table = RwSignal::new(false);
    let heading_id = format!("{id}-heading");
    view! {
        <section class="panel" id=id aria-labelledby=heading_id>
            <header class="panel-head">
                <h2 id=heading_id.clone()>{move || heading.get()}</h2>
                <CsvLink path=csv what=heading />
                <button
                    class="toggle"
                    type="button"
                    aria-pressed=move || as_table.get().to_string()
                    on:click=move |_| as_table.update(|shown| *shown = !*shown)
                >
                    {move || {
                        let text = language.get().text();
                        if as_table.get() { text.show_chart } else { text.show_table }
                    }}
                </button>
            </header>
            {choice.map(|choice| choice.run())}
            {move || headline.get().map(|headline| view! {
                <p
                    class="headline"
                    data-figure=headline.figure
                    data-group=headline.group
                    data-value=headline.value
                >
                    {headline.sentence}
                </p>
            })}
            <Show when=move || is_empty.get()>
                <p class="nothing">{move || nothing.get()}</p>
            </Show>
            <figure hidden=move || as_table.get() || is_empty.get()>
                {children()}
                <figcaption>{move || caption.get()}</figcaption>
            </figure>
            <div class="table-scroll" hidden=move || !as_table.get() tabindex="0" role="region"
                aria-label=move || heading.get()>
                {move || as_table.get().then(|| table.run())}
            </div>
        </section>
    }
}
