//! The page: what the lake holds of the shop's history, in any browser. Built for wasm32 by
//! `web/build-ui`; the logic without a browser in it is tested on the host.

#![expect(
    unreachable_pub,
    reason = "leptos makes the structs of a component's arguments public"
)]

mod api;
mod app;
mod browser;
mod chart;
mod dates;
mod figures;
mod format;
mod history;
mod i18n;
mod icons;
mod lake;
mod notices;
mod points;
mod settings;
mod state;

fn main() {
    console_error_panic_hook::set_once();
    let place = browser::emptied_element("app");
    leptos::mount::mount_to(place, app::App).forget();
}
