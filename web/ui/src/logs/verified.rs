//! Whether the archive is what its manifests say.

use crate::answer::View;
use crate::i18n::{Language, logs as words};
use crate::icons::{CHECK, CLOCK, WARNING, icon};
use crate::notices::fault_explanation;
use crate::settings::use_language;
use crate::{api, browser, dates, format, poll};
use comptoir_model::api::log_search::{LogVerification, VerifiedSource};
use leptos::prelude::*;

const PATH: &str = "/api/v1/logs/verify";
const EVERY_MS: u32 = 60_000;

#[component]
pub(super) fn Verified() -> impl IntoView {
    let language = use_language();
    let text = move || &language.get().text().logs;
    let view = RwSignal::new(View::<LogVerification>::Loading);
    poll::while_shown(EVERY_MS, async move || {
        let answer = api::read(PATH).await;
        view.update(|view| view.take(answer, browser::now()));
    });
    view! {
        <section class="panel" id="log-verified" aria-labelledby="log-verified-heading">
            <header class="panel-head">
                <h2 id="log-verified-heading">{move || text().verification}</h2>
            </header>
            {move || view.with(|view| match view {
                View::Loading => view! { <p class="nothing">{text().searching}</p> }.into_any(),
                View::Down(fault) => view! {
                    <div class="problem">{fault_explanation(fault)}</div>
                }.into_any(),
                View::Shown { answer, .. } => {
                    let sources = answer.sources.iter().map(|source| verdict(source, language.get()));
                    view! { <ul class="verdicts">{sources.collect_view()}</ul> }.into_any()
                }
            })}
            <p class="note">{move || text().verification_note}</p>
            <p class="note">
                {move || text().verify_command} " " <code>"comptoir-logship audit verify"</code>
            </p>
        </section>
    }
}

fn verdict(source: &VerifiedSource, language: Language) -> AnyView {
    let text = &language.text().logs;
    let (sign, class, said) = match (&source.problem, source.findings, source.manifests) {
        (Some(problem), ..) => (WARNING, "down", problem.clone()),
        (None, 0, 0) => (CLOCK, "degraded", text.nothing_sealed.to_owned()),
        (None, 0, _) => (CHECK, "up", text.intact.to_owned()),
        (None, findings, _) => (WARNING, "down", words::findings(language, findings)),
    };
    let proved = source.sealed_at.map(|at| {
        words::proved(
            language,
            &format::integer(language, source.manifests),
            &format::integer(language, source.lines),
            &dates::moment(language, browser::local(at)),
        )
    });
    let findings = source.first_findings.iter();
    let findings = findings.map(|finding| view! { <li><code>{finding.clone()}</code></li> });
    view! {
        <li data-source=source.source.clone() data-findings=source.findings.to_string()>
            <p class=format!("state {class}")>{icon(sign)} <code>{source.source.clone()}</code> " " {said}</p>
            <p class="note">{proved}</p>
            <ul>{findings.collect_view()}</ul>
        </li>
    }
    .into_any()
}
