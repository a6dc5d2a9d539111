// Judges raw records by datasets/transactions.schema.json and the rules beside it, on its own:
// shares no code with the platform.

import { readFileSync } from 'node:fs';

const SCHEMA = JSON.parse(readFileSync(new URL('../../../datasets/transactions.schema.json', import.meta.url)));
const BYTES_MAX = 65_536;
const DEPTH_MAX = 16;
const DAY_NANOSECONDS = 86_400n * 1_000_000_000n;

/** How far back, in offsets, the same id makes a record a duplicate. */
export const REACH = { kafka: 200_000, jsonl: 64 * 1024 * 1024 };

/** The accepted events of one partition's records, in their order, and what became of the others. */
export function judge(records, reach) {
    const accepted = [];
    const rejected = [];
    let duplicates = 0;
    const lastOf = new Map();
    for (const record of records) {
        const event = readRecord(record);
        if (typeof event === 'string') {
            rejected.push({ offset: record.offset, reason: event });
            continue;
        }
        const last = lastOf.get(event.event_id);
        lastOf.set(event.event_id, record.offset);
        if (last !== undefined && last >= record.offset - reach) duplicates += 1;
        else accepted.push({ ...event, offset: record.offset });
    }
    return { accepted, rejected, duplicates };
}

/** An event, or the reason why there is none. `milliseconds` is the record's own time. */
function readRecord({ bytes, milliseconds }) {
    if (bytes.length > BYTES_MAX) return 'too large';
    let text;
    try {
        text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
        return 'not UTF-8';
    }
    if (depth(text) > DEPTH_MAX) return 'too deep';
    let value;
    try {
        value = JSON.parse(text);
    } catch {
        return 'not JSON';
    }
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return 'not an object';
    const written = fields(text);
    const event = {};
    for (const [name, rule] of Object.entries(SCHEMA.properties)) {
        const texts = written.filter(([key]) => key === name).map(([, json]) => json);
        if (texts.length > 1) return `${name} stands twice`;
        if (texts.length === 0 || texts[0] === 'null') {
            if (SCHEMA.required.includes(name)) return `${name} is missing`;
            event[name] = null;
            continue;
        }
        const read = readField(texts[0], rule);
        if (read === undefined) return `${name} is wrong`;
        event[name] = read;
    }
    const time = nanoseconds(event.event_time);
    if (time === undefined) return 'event_time is no day of the calendar';
    if (time > BigInt(milliseconds) * 1_000_000n + DAY_NANOSECONDS) return 'too far ahead';
    event.minute = Number(time / 60_000_000_000n);
    event.cents = BigInt(event.amount.split('.')[0]) * 100n
        + BigInt((event.amount.split('.')[1] ?? '').padEnd(2, '0'));
    return event;
}

/** The value of a field by its rule, `undefined` where it breaks it. Numbers keep their digits. */
function readField(json, rule) {
    const resolved = rule.$ref ? SCHEMA.$defs[rule.$ref.split('/').at(-1)] : rule;
    const choices = resolved.anyOf ?? (resolved.oneOf?.some((choice) => choice.type) ? resolved.oneOf : null);
    if (choices) {
        const read = choices.map((choice) => readField(json, choice)).filter((value) => value !== undefined);
        return read[0];
    }
    const isText = json.startsWith('"');
    const isNumber = /^-?\d/.test(json);
    if (resolved.type === 'null') return undefined;
    if (resolved.type === 'integer') {
        if (!isNumber || !/^\d+$/.test(json)) return undefined;
        const value = Number(json);
        return value >= resolved.minimum && value <= resolved.maximum ? value : undefined;
    }
    if (resolved.type === 'number') {
        // As written: at most nine digits and two decimals, no exponent.
        return isNumber && /^(0|[1-9]\d{0,8})(\.\d{1,2})?$/.test(json) ? json : undefined;
    }
    if (!isText) return undefined;
    const text = JSON.parse(json);
    if (!text.isWellFormed()) return undefined;
    const words = resolved.enum ?? resolved.oneOf?.map((choice) => choice.const);
    if (words) return words.includes(text) ? text : undefined;
    const length = [...text].length;
    if (resolved.maxLength && (length < resolved.minLength || length > resolved.maxLength)) return undefined;
    return new RegExp(resolved.pattern, 'u').test(text) ? text : undefined;
}

/** The names and the JSON texts of an object's own fields, in a text that is known to be JSON. */
function fields(text) {
    const found = [];
    const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs;
    let level = 0;
    let key = null;
    let start = null;
    for (const match of text.matchAll(tokens)) {
        const [token] = match;
        const end = match.index + token.length;
        if (level === 1 && key === null && token.startsWith('"')) {
            key = JSON.parse(token);
            continue;
        }
        if (level === 1 && token === ':') continue;
        const opens = token === '{' || token === '[';
        const closes = token === '}' || token === ']';
        if (level === 1 && (token === ',' || closes)) key = null;
        else if (level === 1 && opens) start = match.index;
        else if (level === 1) {
            found.push([key, token]);
        }
        if (opens) level += 1;
        if (closes) {
            level -= 1;
            if (level === 1) found.push([key, text.slice(start, end)]);
        }
    }
    return found;
}

function depth(text) {
    let level = 0;
    let deepest = 0;
    for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/gs)) {
        if (token === '{' || token === '[') deepest = Math.max(deepest, (level += 1));
        else if (token === '}' || token === ']') level -= 1;
    }
    return deepest;
}

/** Nanoseconds since 1970 of a time that fits the schema's pattern. */
function nanoseconds(text) {
    const parts = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|([+-])(\d\d):(\d\d))$/.exec(text);
    const [, year, month, day, hour, minute, second, decimals = '', , sign, hours = '0', minutes = '0'] = parts;
    const whole = Date.UTC(year, month - 1, day, hour, minute, second);
    if (new Date(whole).getUTCDate() !== Number(day)) return undefined;
    const offset = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? -1 : 1);
    return BigInt(whole - offset) * 1_000_000n + BigInt(decimals.padEnd(9, '0'));
}
