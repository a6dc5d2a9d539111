// Every live number on the page equals what the transport's raw records amount to, up to exactly the
// positions that the page says it is of, again and again while events flow.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { cents, divideHalfEven } from '../lib/expected.mjs';
import { groups, KEYS, minuteOf, totals, truthUpTo, within } from '../lib/live.mjs';
import { shownCents, shownCount } from '../lib/locale.mjs';
import { chooseWindow, openLive, openTables, readLive } from '../lib/reading.mjs';
import { transport } from '../lib/records.mjs';
import { pageTest } from '../lib/suite.mjs';

const TIME_ZONE = process.env.SHOP_TIME_ZONE ?? 'Europe/Paris';
const LOOKS = 3;
const QUARTER = 15;
/** Estimates may lie this many of their standard errors away. */
const SIGMAS = 4;

const source = transport();
if (source === null) {
    throw new Error('no transport to read\nhint: set TRANSPORT_DIR, or KAFKA_BOOTSTRAP and KAFKA_TOPIC');
}

for (const [language, locale] of [['en', 'en-GB'], ['fr', 'fr-FR']]) {
    describe(`the live page in ${language}, read from ${source.kind}`, () => {
        pageTest('shows in every window what the raw records amount to, while events flow', async (page, { complaints }) => {
            await openLive(page);
            await page.locator('#transactions li').first().waitFor();
            await openTables(page);
            let before = null;
            for (const window of ['today', '60m', '5m']) {
                await chooseWindow(page, window);
                for (let look = 0; look < LOOKS; look += 1) {
                    const seen = await nextLook(page, before);
                    before = seen.asOf;
                    const truth = await truthUpTo(source, seen.asOf.offsets);
                    const place = `${window} as of ${JSON.stringify(seen.asOf)}`;
                    windowHolds(seen);
                    tilesHold(seen, truth, language, place);
                    groupsHold(seen, truth, language, place);
                    minutesHold(seen, truth, language, place);
                    transactionsHold(seen, truth, language);
                    assert.equal(BigInt(seen.deadLetters), BigInt(truth.rejected.length), `dead letters, ${place}`);
                }
            }
            assert.deepEqual(complaints, []);
        }, { locale });

        pageTest('ranks the products, merchants and customers of today', async (page) => {
            await openLive(page);
            await openTables(page);
            let before = null;
            for (const kind of ['product', 'merchant', 'customer']) {
                await page.locator(`#tops input[value="${kind}"]`).check({ force: true });
                const seen = await nextLook(page, before);
                before = seen.asOf;
                assert.equal(seen.top.kind, kind);
                topHolds(seen, await truthUpTo(source, seen.asOf.offsets), language);
            }
        }, { locale });
    });
}

/** A look at later positions than those of the one before. */
async function nextLook(page, before) {
    const known = before && JSON.stringify(before.offsets);
    await page.waitForFunction((offsets) => {
        const { asOf } = document.querySelector('.live').dataset;
        return JSON.stringify(JSON.parse(asOf).offsets) !== offsets;
    }, known);
    return readLive(page);
}

function windowHolds({ window, from, to, asOf }) {
    const minutes = minuteOf(to) - minuteOf(from);
    const ahead = Date.parse(to) - Date.parse(asOf.time);
    assert.ok(ahead > -3_000 && ahead <= 60_000, `${window} ends ${to}, as of ${asOf.time}`);
    if (window === 'today') {
        const clock = new Intl.DateTimeFormat('en-GB', { timeZone: TIME_ZONE, timeStyle: 'medium' });
        assert.equal(clock.format(new Date(from)), '00:00:00', 'today begins at midnight');
        assert.ok(minutes <= 25 * 60);
    } else {
        assert.equal(minutes, window === '5m' ? 5 : 60);
    }
}

function tilesHold(seen, truth, language, place) {
    const { tiles } = seen;
    const all = totals(within(truth.events, seen.from, seen.to), seen.currency);
    for (const [name, value] of [['net_revenue', all.net], ['gross', all.gross], ['refunds', all.refunds]]) {
        moneyHolds(tiles[name], value, language, `${name}, ${place}`);
    }
    for (const name of ['transactions', 'approved', 'declined', 'pending', 'refunded', 'units']) {
        countHolds(tiles[name], all[name], language, `${name}, ${place}`);
    }
    if (all.approvalRate === null) {
        assert.equal(tiles.approval_rate.value, '', place);
    } else {
        const [whole, tenth = '0'] = tiles.approval_rate.value.split('.');
        assert.equal(BigInt(whole + tenth), all.approvalRate, `approval rate, ${place}`);
        assert.equal(BigInt(tiles.approval_rate.shown.replace(/\D/g, '')), all.approvalRate, place);
    }
    const error = seen.errors[0] / 100;
    assert.ok(seen.errors.every((value) => value > 0 && value < 5), 'errors are shown');
    for (const name of ['orders', 'customers']) {
        const estimate = tiles[name];
        const value = BigInt(estimate.value);
        assert.equal(shownCount(estimate.shown, language), value);
        const off = Math.abs(Number(value) - all[name]);
        assert.ok(off <= Math.ceil(SIGMAS * error * all[name]), `${name}: ${value} for ${all[name]}, ${place}`);
    }
    const basket = tiles.average_basket;
    if (all.currenciesSold === 1 && BigInt(tiles.orders.value) > 0n) {
        const average = divideHalfEven(all.gross, BigInt(tiles.orders.value));
        moneyHolds(basket, average, language, `average basket, ${place}`);
        const exact = Number(all.gross) / all.orders;
        const off = Math.abs(Number(average) - exact);
        assert.ok(off <= SIGMAS * error * exact * 1.1 + 1, `average basket ${average} for ${exact}, ${place}`);
    } else {
        assert.equal(basket.value, '', place);
    }
}

function groupsHold(seen, truth, language, place) {
    const events = within(truth.events, seen.from, seen.to);
    const net = totals(events, seen.currency).net;
    for (const dimension of ['category', 'city']) {
        const wanted = groups(events, KEYS[dimension], seen.currency);
        const { rows, points } = seen[dimension];
        assert.equal(rows.length, Math.min(wanted.size, 20), `${dimension}, ${place}`);
        rankingHolds(rows, points, wanted, language, `${dimension}, ${place}`);
        for (const point of points.filter((each) => each.share !== undefined)) {
            const [whole, tenth = '0'] = point.share.split('.');
            const share = divideHalfEven(wanted.get(point.group).net * 1000n, net);
            assert.equal(BigInt(whole + tenth), share, `${dimension} ${point.group}, ${place}`);
        }
    }
}

/** Of today and one currency; the running quarter of an hour is in as a whole. */
function topHolds(seen, truth, language) {
    const end = Math.ceil(minuteOf(seen.to) / QUARTER) * QUARTER;
    const events = within(truth.events, seen.from, new Date(end * 60_000).toISOString());
    const wanted = groups(events, KEYS[seen.top.kind], seen.currency);
    const place = `top ${seen.top.kind}`;
    assert.equal(seen.window, 'today');
    assert.equal(seen.top.rows.length, Math.min(wanted.size, 10), place);
    rankingHolds(seen.top.rows, seen.top.points, wanted, language, place);
}

/** Rows and bars in order, each with its totals, and none left out that is higher. */
function rankingHolds(rows, points, wanted, language, place) {
    for (const row of rows) {
        const group = wanted.get(row.group);
        assert.ok(group, `${row.group} is none of ${place}`);
        for (const name of ['net', 'gross', 'refunds']) {
            moneyHolds(row[name], group[name], language, `${row.group} ${name}, ${place}`);
        }
        for (const name of ['transactions', 'approved', 'units']) {
            countHolds(row[name], group[name], language, `${row.group} ${name}, ${place}`);
        }
    }
    const nets = [...wanted.values()].map((group) => group.net).sort((a, b) => (a < b ? 1 : -1));
    assert.deepEqual(rows.map((row) => cents(row.net.value)), nets.slice(0, rows.length), `order of ${place}`);
    assert.equal(points.length, Math.min(rows.length, 10), place);
    for (const [index, point] of points.entries()) {
        assert.equal(point.group, rows[index].group, place);
        assert.equal(cents(point.value), wanted.get(point.group).net, `${point.group}, ${place}`);
        assert.equal(cents(point.hatched), wanted.get(point.group).refunds, `${point.group}, ${place}`);
        assert.equal(shownCents(point.shown, language), wanted.get(point.group).net, place);
    }
}

function minutesHold(seen, truth, language, place) {
    const { rows, points } = seen.minutes;
    assert.equal(points.length, 60, place);
    assert.equal(rows.length, 60, place);
    const byMinute = Map.groupBy?.(truth.events, (event) => event.minute) ?? grouped(truth.events);
    let sum = 0n;
    for (const [index, point] of points.entries()) {
        const minute = minuteOf(point.group);
        if (index > 0) assert.equal(minute, minuteOf(points[index - 1].group) + 1, 'no minute is left out');
        const all = totals(byMinute.get(minute) ?? [], seen.currency);
        assert.equal(cents(point.value), all.net, `${point.group}, ${place}`);
        assert.equal(cents(point.hatched), all.refunds, `${point.group}, ${place}`);
        const said = point.label.slice(point.label.indexOf(':', 4)).split('·')[0];
        assert.equal(shownCents(said, language), all.net, point.label);
        const row = rows[rows.length - 1 - index];
        assert.equal(row.group, point.group, 'the table begins with the newest');
        for (const name of ['net', 'gross', 'refunds']) {
            moneyHolds(row[name], all[name], language, `${name} at ${row.group}, ${place}`);
        }
        for (const name of ['transactions', 'approved', 'units']) {
            countHolds(row[name], all[name], language, `${name} at ${row.group}, ${place}`);
        }
        sum += all.net;
    }
    assert.equal(cents(seen.lastHour), sum, `the last hour, ${place}`);
}

function grouped(events) {
    const found = new Map();
    for (const event of events) found.set(event.minute, [...(found.get(event.minute) ?? []), event]);
    return found;
}

/** Each one shown is an accepted event, as it was sent. */
function transactionsHold(seen, truth, language) {
    assert.equal(seen.transactions.length, Math.min(truth.events.length, 20));
    const known = new Map(truth.events.map((event) => [`${event.stream} ${event.partition} ${event.offset}`, event]));
    for (const row of seen.transactions) {
        const event = known.get(`${row.stream} ${row.partition} ${row.offset}`);
        assert.ok(event, `${row.event} is no accepted event`);
        assert.deepEqual([row.event, row.status], [event.event_id, event.status]);
        moneyHolds(row.amount, event.cents, language, row.event);
        assert.equal(Math.floor(minuteOf(row.time)), event.minute);
    }
    const times = seen.transactions.map((row) => Date.parse(row.time));
    assert.ok(times.length > 0);
}

function moneyHolds(figure, wanted, language, place) {
    assert.ok(figure, place);
    assert.equal(cents(figure.value), wanted, place);
    // What is hidden has no text to see.
    if (figure.shown !== '') assert.equal(shownCents(figure.shown, language), wanted, `${place}, as shown`);
}

function countHolds(figure, wanted, language, place) {
    assert.ok(figure, place);
    assert.equal(BigInt(figure.value), wanted, place);
    if (figure.shown !== '') assert.equal(shownCount(figure.shown, language), wanted, `${place}, as shown`);
}
