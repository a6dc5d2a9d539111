//! The Lake page: the directories that the settings name, and what lies below.

mod directory;
mod file;

use crate::answer::{Face, View};
use crate::i18n::{Language, lake as words};
use crate::icons::{CLOCK, FOLDER, icon};
use crate::notices::{Down, Loading, Reconnecting};
use crate::route::{Route, encoded};
use crate::settings::use_language;
use crate::state::Fault;
use crate::{api, browser, dates, format, poll};
use comptoir_model::api::lake::{LakeAnswer, LakeRoot};
use directory::Directory;
use file::file_view;
use jiff::Timestamp;
use leptos::prelude::*;
use leptos::task::spawn_local;

const EVERY_MS: u32 = 10_000;

pub(crate) type LakeView = View<LakeAnswer>;

#[component]
pub(crate) fn LakePage(
    view: RwSignal<LakeView>,
    /// The path that the address names, or nothing.
    path: RwSignal<String>,
) -> impl IntoView {
    let language = use_language();
    let cursor = RwSignal::new(None::<String>);
    poll::while_shown(EVERY_MS, move || load(view, path, cursor));
    Effect::new(move |before: Option<String>| {
        let now = path.get();
        if before.as_ref().is_some_and(|before| *before != now) {
            cursor.set(None);
        }
        now
    });
    Effect::new(move |before: Option<()>| {
        path.track();
        cursor.track();
        // The first time the page asks by itself.
        if before.is_some() {
            spawn_local(load(view, path, cursor));
        }
    });
    let face = Memo::new(move |_| view.with(View::face));
    let lost = Memo::new(move |_| view.with(View::lost));
    // Until the answer has come, what is shown is of another path.
    let is_other = Memo::new(move |_| {
        let path = path.get();
        view.with(|view| {
            let shown = view.answer().map(path_of);
            shown.is_some_and(|shown| shown != path.trim_end_matches('/'))
        })
    });
    let root = Memo::new(move |_| {
        view.with(|view| view.answer().map(|answer| root_of(answer).to_owned()))
            .unwrap_or_default()
    });
    let kind = Memo::new(move |_| {
        view.with(|view| {
            view.answer()
                .map(|answer| (answer.directory.is_some(), answer.file.is_some()))
        })
    });
    view! {
        <header class="page-head">
            <h1>{move || language.get().text().lake_page}</h1>
            <p class="period">{move || words::text(language.get()).about}</p>
        </header>
        {move || {
            let path = path.get();
            (!path.is_empty()).then(|| way(&path, &root.get(), language.get()))
        }}
        {move || match face.get() {
            Face::Loading => view! { <Loading /> }.into_any(),
            Face::Down(fault) => view! { <Down fault /> }.into_any(),
            Face::Shown => view! {
                {move || lost.get().map(|(fault, checked)| view! { <Reconnecting fault checked /> })}
                <div class:stale=move || lost.with(Option::is_some) || is_other.get()>
                    {move || match kind.get() {
                        Some((true, _)) => view! { <Directory view cursor /> }.into_any(),
                        Some((_, true)) => (move || view.with(|view| {
                            let file = view.answer().and_then(|answer| answer.file.as_ref());
                            file.map(|file| file_view(file, language.get()))
                        })).into_any(),
                        _ => (move || view.with(|view| {
                            view.answer().map(|answer| roots(&answer.roots, language.get()))
                        })).into_any(),
                    }}
                </div>
            }.into_any(),
        }}
    }
}

/// Asks for what the address names now.
async fn load(view: RwSignal<LakeView>, path: RwSignal<String>, cursor: RwSignal<Option<String>>) {
    let (asked, Some(from)) = (path.get_untracked(), cursor.try_get_untracked()) else {
        return;
    };
    let query = match (asked.as_str(), &from) {
        ("", _) => String::new(),
        (path, None) => format!("?path={}", encoded(path)),
        (path, Some(from)) => format!("?path={}&cursor={}", encoded(path), encoded(from)),
    };
    let answer = api::read::<LakeAnswer>(&format!("/api/v1/lake{query}")).await;
    // The person may be elsewhere by now.
    if path.get_untracked() != asked || cursor.try_get_untracked() != Some(from) {
        return;
    }
    view.update(|view| take(view, answer, &asked, browser::now()));
}

/// What is shown of another path says nothing of this one.
fn take(view: &mut LakeView, answer: Result<LakeAnswer, Fault>, path: &str, now: Timestamp) {
    if answer.is_err() && view.answer().is_some_and(|answer| path_of(answer) != path) {
        *view = View::Loading;
    }
    view.take(answer, now);
}

fn path_of(answer: &LakeAnswer) -> &str {
    let directory = answer.directory.as_ref().map(|it| it.path.as_str());
    let file = answer.file.as_ref().map(|it| it.path.as_str());
    directory.or(file).unwrap_or_default()
}

fn root_of(answer: &LakeAnswer) -> &str {
    let directory = answer.directory.as_ref().map(|it| it.root.as_str());
    let file = answer.file.as_ref().map(|it| it.root.as_str());
    directory.or(file).unwrap_or_default()
}

/// The address of a path of the lake.
fn address(path: &str) -> String {
    format!("{}?path={}", Route::Lake.hash(), encoded(path))
}

/// Each directory up to the root, and all roots. Where the root is not known, the path alone.
fn way(path: &str, root: &str, language: Language) -> AnyView {
    let text = words::text(language);
    let steps = steps(path, root).into_iter().map(|(name, path, is_here)| {
        view! {
            <li><a href=address(path) aria-current=is_here.then_some("page")>{name.to_owned()}</a></li>
        }
    });
    view! {
        <nav class="way" aria-label=text.way>
            <ol>
                <li><a href=Route::Lake.hash()>{text.all}</a></li>
                {steps.collect_view()}
            </ol>
        </nav>
    }
    .into_any()
}

/// Names with their paths, from the root down; the last one is the path itself.
fn steps<'a>(path: &'a str, root: &str) -> Vec<(&'a str, &'a str, bool)> {
    let root = if path.starts_with(root) {
        root.len()
    } else {
        0
    };
    let slashes = path.match_indices('/').map(|(at, _)| at);
    let ends = slashes.filter(|at| root > 0 && *at >= root);
    let step = |end: usize| {
        let above = &path[..end];
        let name = if end == root || root == 0 {
            above
        } else {
            above.rsplit('/').next().unwrap_or_default()
        };
        (name, above, end == path.len())
    };
    ends.chain([path.len()]).map(step).collect()
}

fn roots(roots: &[LakeRoot], language: Language) -> AnyView {
    let each = roots.iter().map(|root| root_view(root, language));
    view! { <ul class="parts">{each.collect_view()}</ul> }.into_any()
}

fn root_view(root: &LakeRoot, language: Language) -> AnyView {
    let text = words::text(language);
    let count = root.entries.unwrap_or_default();
    let content = if count == 0 {
        view! {
            <p class="state">{icon(CLOCK)} {text.nothing}</p>
            <p><code>{root.filled_by.clone()}</code></p>
        }
        .into_any()
    } else {
        let shown = words::entries(language, count, &format::integer(language, count));
        let newest = root.modified.map(|time| {
            let moment = dates::moment(language, browser::local(time));
            format!("{} {moment}", text.newest)
        });
        view! {
            <p class="state">{icon(FOLDER)} <strong>{shown}</strong></p>
            <p class="as-of">{newest}</p>
        }
        .into_any()
    };
    let state = if count == 0 { "empty" } else { "filled" };
    let path = root.path.clone();
    let path = if root.entries.is_some() {
        view! { <a href=address(&path)>{path.clone()}</a> }.into_any()
    } else {
        view! { <code>{path}</code> }.into_any()
    };
    view! {
        <li class="part" data-root=root.path.clone() data-state=state data-value=count.to_string()>
            <p class="kind">{words::root(language, root.kind)}</p>
            <h3>{path}</h3>
            {content}
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::api::AsOf;
    use comptoir_model::api::lake::LakeDirectory;

    #[test]
    fn of_a_path_that_can_t_be_had_nothing_else_is_shown() {
        let directory = LakeDirectory {
            path: "/gold".to_owned(),
            root: "/gold".to_owned(),
            entries: Vec::new(),
            total_entries: 0,
            total_bytes: 0,
            next_cursor: None,
            import: None,
        };
        let now = Timestamp::UNIX_EPOCH;
        let answer = LakeAnswer {
            location: String::new(),
            roots: Vec::new(),
            directory: Some(directory),
            file: None,
            as_of: AsOf {
                time: now,
                offsets: Vec::new(),
            },
        };
        let mut view = LakeView::Loading;
        take(&mut view, Ok(answer.clone()), "/gold", now);
        take(&mut view, Err(Fault::Unreachable), "/gold", now);
        assert_eq!(view.answer(), Some(&answer));
        take(&mut view, Err(Fault::Unreachable), "/gold/other", now);
        assert_eq!(view, View::Down(Fault::Unreachable));
    }

    #[test]
    fn the_way_begins_at_the_root_and_ends_here() {
        let path = "/user/sqoop/sales/part-m-00000";
        assert_eq!(
            steps(path, "/user/sqoop"),
            [
                ("/user/sqoop", "/user/sqoop", false),
                ("sales", "/user/sqoop/sales", false),
                ("part-m-00000", path, true),
            ]
        );
        assert_eq!(steps("/gold", "/gold"), [("/gold", "/gold", true)]);
        // The root of what was shown before, or none.
        for root in ["/user/flume", ""] {
            assert_eq!(steps(path, root), [(path, path, true)]);
        }
    }
}
