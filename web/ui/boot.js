// Before the first paint: the chosen theme, so that a dark page never flashes white.
// The page itself takes over both as soon as it runs (settings.rs).
try {
    const theme = localStorage.getItem('comptoir.theme');
    if (theme) document.documentElement.dataset.theme = theme;
} catch {
    // A browser that forbids storage follows the system.
}
// Who is logged in. Whoever is not, or is no longer, is led to the form, and from there back here.
{
    const ask = window.fetch;
    window.fetch = async (...request) => {
        const answer = await ask(...request);
        if (answer.status === 401) {
            const here = location.pathname + location.search + location.hash;
            location.replace(`/login?next=${encodeURIComponent(here)}`);
        }
        return answer;
    };
    const show = (name) => {
        const account = document.getElementById('account');
        if (!account) return setTimeout(show, 100, name);
        account.firstElementChild.textContent = name;
        account.hidden = false;
    };
    fetch('/api/v1/session')
        .then((answer) => (answer.ok ? answer.json() : {}))
        .then((session) => {
            // style.css leaves out of the rail what this role may not open.
            if (session.role) document.documentElement.dataset.role = session.role;
            if (session.name) show(session.name);
        })
        .catch(() => {
            // Without an answer the page says itself that the server is away.
        });
}
