// Before the first paint: the chosen theme, so that a dark page never flashes white.
// The page itself takes over both as soon as it runs (settings.rs).
try {
    const theme = localStorage.getItem('comptoir.theme');
    if (theme) document.documentElement.dataset.theme = theme;
} catch {
    // A browser that forbids storage follows the system.
}
