//! Filters that are set, as links that take each away: the address says what is filtered, so that the
//! back button and a link to somebody else work by themselves.

use crate::i18n::filters as words;
use crate::settings::use_language;
use leptos::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chip {
    /// As the API spells it: `country=France`.
    pub(crate) key: String,
    pub(crate) shown: String,
    /// The page without this filter.
    pub(crate) without: String,
}

#[component]
pub(crate) fn Chips(
    #[prop(into)] chips: Signal<Vec<Chip>>,
    /// The page without any filter.
    none: &'static str,
) -> impl IntoView {
    let language = use_language();
    move || {
        let text = words::text(language.get());
        let chip = |chip: &Chip| {
            let name = format!("{} {}", text.remove, chip.shown);
            view! {
                <li>
                    <a class="chip" data-filter=chip.key.clone() href=chip.without.clone() aria-label=name>
                        {chip.shown.clone()} <span aria-hidden="true">"×"</span>
                    </a>
                </li>
            }
        };
        chips.with(|chips| {
            (!chips.is_empty()).then(|| {
                view! {
                    <ul class="chips" aria-label=text.set>
                        {chips.iter().map(chip).collect_view()}
                        <li><a class="chip all" href=none>{text.remove_all}</a></li>
                    </ul>
                }
            })
        })
    }
}
