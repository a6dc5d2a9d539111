// Reads a CSV file (RFC 4180) into objects by column name.

import { readFile } from 'node:fs/promises';

export async function readCsv(path) {
    return parseCsv(decode(await readFile(path)), path);
}

/** `name` is told of what can't be read. */
export function parseCsv(text, name) {
    const [header, ...rows] = records(text);
    return rows.map((row, index) => {
        if (row.length !== header.length) {
            throw new Error(`${name}: record ${index + 2} has ${row.length} fields, not ${header.length}`);
        }
        return Object.fromEntries(header.map((name, column) => [name, row[column]]));
    });
}

// Any one-byte encoding does where the file is not UTF-8: names only need to stay distinct.
function decode(bytes) {
    try {
        return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
        return new TextDecoder('latin1').decode(bytes);
    }
}

function records(text) {
    const all = [];
    let record = [];
    let field = '';
    let quoted = false;
    const endRecord = () => {
        record.push(field);
        field = '';
        if (record.length > 1 || record[0] !== '') all.push(record);
        record = [];
    };
    for (let at = 0; at < text.length; at += 1) {
        const char = text[at];
        if (quoted) {
            if (char !== '"') field += char;
            else if (text[at + 1] === '"') field += text[(at += 1)];
            else quoted = false;
        } else if (char === '"') quoted = true;
        else if (char === ',') {
            record.push(field);
            field = '';
        } else if (char === '\n') endRecord();
        else if (char !== '\r') field += char;
    }
    endRecord();
    return all;
}
