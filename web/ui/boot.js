// Before the first paint: the chosen theme, so that a dark page never flashes white.
// The page itself takes over both as soon as it runs (settings.rs).
try {
    const theme = localStorage.getItem('comptoir.theme');
    if (theme) document.documentElement.dataset.theme = theme;
} catch {
    // A browser that forbids storage follows the system.
}
// Whoever is not logged in, or is no longer, is led to the form, and from there back here.
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
}
