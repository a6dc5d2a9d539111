// A comptoir-web of a test's own, with users, over nothing else that answers.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BUILT = new URL('../../../target/debug/comptoir-web', import.meta.url).pathname;

/** Starts it with these users, each `[name, role, password]`. */
export async function program(users) {
    const file = process.env.WEB_PROGRAM ?? BUILT;
    if (!existsSync(file)) throw new Error(`${file} is missing\nhint: cargo build, or set WEB_PROGRAM`);
    const directory = await mkdtemp(join(tmpdir(), 'comptoir-login-'));
    const options = { cwd: directory, env: {} };
    for (const [name, role, password] of users) {
        const added = spawnSync(file, ['user', 'add', name, '--role', role], { ...options, input: `${password}\n` });
        if (added.status !== 0) throw new Error(String(added.stderr));
    }
    const running = spawn(file, ['--listen', '127.0.0.1:0'], { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
    const base = await new Promise((found, failed) => {
        let said = '';
        running.stderr.on('data', (bytes) => {
            said += bytes;
            const address = said.match(/listening on (http:\S+?),/);
            if (address) found(address[1]);
        });
        running.on('exit', () => failed(new Error(said)));
    });
    const end = async () => {
        // It writes its log until it is gone.
        const gone = once(running, 'exit');
        if (running.kill()) await gone;
        await rm(directory, { recursive: true, force: true });
    };
    return { base, end };
}
