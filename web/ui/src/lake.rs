//! Where the import lies in the lake: its directory and its part files.

use crate::format;
use crate::i18n::sentences;
use crate::settings::use_language;
use crate::state::Snapshot;
use comptoir_model::api::PartInfo;
use leptos::prelude::*;
use std::sync::Arc;

/// Enough of a checksum to compare by eye; the rest is in the cell's title.
const SHOWN_HEX_DIGITS: usize = 12;

#[component]
pub(crate) fn Lake(#[prop(into)] snapshot: Signal<Arc<Snapshot>>) -> impl IntoView {
    let language = use_language();
    let text = move || language.get().text();
    let import = Memo::new(move |_| snapshot.with(|shown| shown.summary.import.clone()));
    let parts = move || {
        import.with(|import| {
            let size = format::size(language.get(), import.bytes);
            sentences::parts(language.get(), import.parts.len(), &size)
        })
    };
    view! {
        <section class="panel" id="lake" aria-labelledby="lake-heading" tabindex="-1">
            <header class="panel-head">
                <h2 id="lake-heading">{move || text().lake}</h2>
            </header>
            <p class="headline">{parts}</p>
            <p class="location">
                <code data-figure="location" data-value=move || import.with(|it| it.location.clone())>
                    {move || import.with(|it| it.location.clone())}
                </code>
            </p>
            <div class="table-scroll" tabindex="0" role="region" aria-labelledby="lake-heading">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">{move || text().part}</th>
                            <th scope="col" class="number">{move || text().rows}</th>
                            <th scope="col" class="number">{move || text().bytes}</th>
                            <th scope="col">{move || text().checksum}</th>
                        </tr>
                    </thead>
                    <tbody>
                        {move || import.with(|import| import.parts.iter().map(row).collect_view())}
                    </tbody>
                    <tfoot>
                        <tr>
                            <th scope="row">{move || text().total}</th>
                            <td
                                class="number"
                                data-figure="rows"
                                data-value=move || import.with(|it| it.rows.to_string())
                            >
                                {move || format::integer(language.get(), import.with(|it| it.rows))}
                            </td>
                            <td
                                class="number"
                                data-figure="bytes"
                                data-value=move || import.with(|it| it.bytes.to_string())
                            >
                                {move || format::integer(language.get(), import.with(|it| it.bytes))}
                            </td>
                            <td></td>
                        </tr>
                    </tfoot>
                </table>
            </div>
            <dl class="run">
                <dt>{move || text().source_table}</dt>
                <dd><code>{move || import.with(|it| it.table.clone())}</code></dd>
                <dt>{move || text().run}</dt>
                <dd>
                    <code data-figure="run" data-value=move || import.with(|it| it.run.to_string())>
                        {move || import.with(|it| it.run.to_string())}
                    </code>
                </dd>
            </dl>
        </section>
    }
}

fn row(part: &PartInfo) -> impl IntoView + use<> {
    let language = use_language().get();
    let start: String = part.sha256.chars().take(SHOWN_HEX_DIGITS).collect();
    view! {
        <tr data-part=part.name.clone()>
            <th scope="row"><code>{part.name.clone()}</code></th>
            <td class="number" data-figure="part_rows" data-value=part.rows.to_string()>
                {format::integer(language, part.rows)}
            </td>
            <td class="number" data-figure="part_bytes" data-value=part.bytes.to_string()>
                {format::integer(language, part.bytes)}
            </td>
            <td>
                <code data-figure="part_sha256" data-value=part.sha256.clone() title=part.sha256.clone()>
                    {start} "…"
                </code>
            </td>
        </tr>
    }
}
