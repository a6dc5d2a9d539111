// Everything that the page can say at once: holes, dead letters, a sink that stopped, an archive that differs,
// a damaged import, parts in each state.

import { broken, lake } from './fake_data.mjs';
import { health, message } from './fake.mjs';

const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();

/** Of a fake server. */
export const trouble = {
    live: () => message(Date.now(), 12_345, { source: {
        state: 'stopped', checked_at: ago(12), fresh_through: ago(200),
        gaps: [{ stream: 's', partition: 2, kind: 'lost', start: 10, end: 20, found_at: ago(900) }],
        dead_letters: { total: 12_345, newest_at: ago(5), by_reason: [] } } }),
    reconcile: broken,
    lake: (path) => lake(path, { damaged: true }),
    health: () => {
        const all = health();
        Object.assign(all.parts[0], { state: 'restricted', cause: 'not_whitelisted' });
        Object.assign(all.parts[1], { state: 'down', cause: 'unreachable', detail: 'connection refused' });
        Object.assign(all.parts[2], { state: 'degraded', cause: 'under_replicated' });
        Object.assign(all.parts[5], { state: 'unknown', checked_at: null });
        return all;
    },
};
