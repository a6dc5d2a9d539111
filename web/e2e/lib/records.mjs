// Reads the raw records of the transport, without the platform: JSONL files as they lie on the disk,
// Kafka through kcat.
//
// TRANSPORT_DIR is the directory of a JSONL topic (`stream`, `0.jsonl`, …); KAFKA_BOOTSTRAP and
// KAFKA_TOPIC name one of Kafka.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REACH } from './events.mjs';

const run = promisify(execFile);
const NO_TIME = -1;

/** Which transport the environment names: `read(partition, next)` and how far duplicates reach. */
export function transport() {
    const { TRANSPORT_DIR, KAFKA_BOOTSTRAP, KAFKA_TOPIC } = process.env;
    if (KAFKA_BOOTSTRAP && KAFKA_TOPIC) {
        return {
            kind: 'kafka',
            reach: REACH.kafka,
            read: (partition, next) => readKafka(KAFKA_BOOTSTRAP, KAFKA_TOPIC, partition, next),
        };
    }
    if (TRANSPORT_DIR) {
        return {
            kind: 'jsonl',
            reach: REACH.jsonl,
            read: (partition, next) => readJsonl(join(TRANSPORT_DIR, `${partition}.jsonl`), next),
        };
    }
    return null;
}

/** All lines before byte `next`. */
async function readJsonl(path, next) {
    const file = await readFile(path);
    if (file.length < next) throw new Error(`${path} has ${file.length} bytes, not ${next}`);
    const records = [];
    for (let at = 0; at < next;) {
        const end = file.indexOf(0x0a, at);
        records.push({ offset: at, ...open(file.subarray(at, end)) });
        at = end + 1;
    }
    return records;
}

/** The record in a line; a line that is no envelope is a record of its own, without a time. */
function open(line) {
    let envelope;
    try {
        envelope = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line));
    } catch {
        return { milliseconds: NO_TIME, bytes: line };
    }
    const { t, v, b64 } = envelope ?? {};
    if (!Number.isInteger(t) || (typeof v === 'string') === (typeof b64 === 'string')) {
        return { milliseconds: NO_TIME, bytes: line };
    }
    return { milliseconds: t, bytes: typeof v === 'string' ? Buffer.from(v) : Buffer.from(b64, 'base64') };
}

/** All records before offset `next`, as kcat prints them: a line of numbers, then the bytes. */
async function readKafka(bootstrap, topic, partition, next) {
    if (next === 0) return [];
    const { stdout } = await run('kcat', [
        '-C', '-q', '-e', '-b', bootstrap, '-t', topic, '-p', String(partition), '-o', 'beginning',
        '-f', '%o %T %S\n%s\n',
    ], { encoding: 'buffer', maxBuffer: 1 << 30, timeout: 60_000 });
    const records = [];
    for (let at = 0; at < stdout.length;) {
        const head = stdout.indexOf(0x0a, at);
        const [offset, milliseconds, size] = stdout.subarray(at, head).toString().split(' ').map(Number);
        const length = Math.max(size, 0);
        if (offset < next) {
            records.push({ offset, milliseconds, bytes: stdout.subarray(head + 1, head + 1 + length) });
        }
        at = head + 1 + length + 1;
    }
    return records;
}
