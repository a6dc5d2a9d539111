//! Whether the figures add up, in a sentence, and everything that does not, by name.

use crate::answer::View;
use crate::i18n::{Language, data as words};
use crate::icons::{CHECK, WARNING, icon};
use crate::live::gap_text;
use crate::notices::with_code;
use crate::settings::use_language;
use crate::{browser, dates, format};
use comptoir_model::api::live::GapKind;
use comptoir_model::api::reconcile::{ReconcileReport, ReconciledPartition};
use leptos::prelude::*;

#[component]
pub(super) fn Verdict(report: RwSignal<View<ReconcileReport>>) -> impl IntoView {
    let language = use_language();
    let text = move || words::text(language.get());
    let with = move |show: fn(&ReconcileReport, Language) -> AnyView| {
        move || report.with(|report| report.answer().map(|answer| show(answer, language.get())))
    };
    view! {
        <section class="panel" id="verdict" aria-labelledby="verdict-heading">
            <header class="panel-head">
                <h2 id="verdict-heading">{move || text().verdict}</h2>
            </header>
            {with(headline)}
            {with(figures)}
            {with(findings)}
        </section>
    }
}

fn headline(report: &ReconcileReport, language: Language) -> AnyView {
    let (sign, class) = if report.complete {
        (CHECK, "headline state up")
    } else {
        (WARNING, "headline state down")
    };
    view! {
        <p class=class data-figure="complete" data-value=report.complete.to_string()>
            {icon(sign)} <span>{sentence(report, language)}</span>
        </p>
    }
    .into_any()
}

/// `Complete up to 10:42:07: 5,210 records, no difference`
fn sentence(report: &ReconcileReport, language: Language) -> String {
    let lost = report.gaps.iter().filter(|gap| gap.kind == GapKind::Lost);
    words::verdict(
        language,
        &words::Found {
            is_complete: report.complete,
            up_to: (report.fresh_through).map(|time| dates::time_of_day(browser::local(time))),
            records: format::integer(language, report.records),
            differences: report.differences.len(),
            lost: lost.count(),
        },
    )
}

/// What became of all records: the first four add up to the last.
fn figures(report: &ReconcileReport, language: Language) -> AnyView {
    let text = words::text(language);
    let sum = |of: fn(&ReconciledPartition) -> u64| report.partitions.iter().map(of).sum::<u64>();
    let all = [
        ("accepted", sum(|it| it.accepted)),
        ("rejected", sum(|it| it.rejected)),
        ("duplicates", sum(|it| it.duplicates)),
        ("records", report.records),
    ];
    let all = all
        .into_iter()
        .zip(text.became)
        .map(|((name, value), (label, note))| {
            view! {
                <div>
                    <dt>{label}</dt>
                    <dd data-figure=name data-value=value.to_string()>
                        {format::integer(language, value)}
                    </dd>
                    <dd class="note">{note}</dd>
                </div>
            }
        });
    view! { <dl class="figures-row">{all.collect_view()}</dl> }.into_any()
}

/// What does not agree, what was lost, and what nobody has looked at.
fn findings(report: &ReconcileReport, language: Language) -> AnyView {
    let text = words::text(language);
    let differences = report.differences.iter().map(|difference| {
        view! {
            <li data-difference=difference.kind.clone()>
                <strong>{words::difference(language, &difference.kind)}</strong> " "
                <span lang="en">{difference.detail.clone()}</span>
            </li>
        }
        .into_any()
    });
    let gaps = report
        .gaps
        .iter()
        .map(|gap| view! { <li data-gap="">{gap_text(gap, language)}</li> }.into_any());
    let unchecked = report.unchecked.iter().map(|what| {
        view! {
            <li data-unchecked="">
                <strong>{text.unchecked}</strong> " " <span lang="en">{with_code(what)}</span>
            </li>
        }
        .into_any()
    });
    let all = differences.chain(gaps).chain(unchecked).collect_view();
    let look = report.full.as_ref().map(|full| {
        let age = dates::age(language, full.age_s);
        let said = words::full_look(language, &age, full.complete);
        view! { <p class="caption" data-figure="full_look" data-value=full.at.to_string()>{said}</p> }
    });
    view! { <ul class="findings">{all}</ul> {look} }.into_any()
}
