//! The page: what the tills do now and what the lake holds of before, in any browser. Built for wasm32 by
//! `web/build-ui`; the logic without a browser in it is tested on the host.

#![expect(
    unreachable_pub,
    reason = "leptos makes the structs of a component's arguments public"
)]

mod answer;
mod api;
mod app;
mod browse;
mod browser;
mod chart;
mod chips;
mod data;
mod dates;
mod export;
mod figures;
mod format;
mod health;
mod history;
mod i18n;
mod icons;
mod jobs;
mod journal;
mod json;
mod lake;
mod live;
mod logs;
mod notices;
mod points;
mod poll;
mod route;
mod session;
mod settings;
mod state;
mod table;

fn main() {
    console_error_panic_hook::set_once();
    let place = browser::emptied_element("app");
    leptos::mount::mount_to(place, app::App).forget();
}
