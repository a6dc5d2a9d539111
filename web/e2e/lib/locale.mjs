// Reads numbers back from what people see.

const POINT = { en: '.', fr: ',' };

/** '€10,032,628.85' or '10 032 628,85 €' in cents. */
export function shownCents(text, language) {
    const decimal = plain(text, language);
    const [whole, fraction = ''] = decimal.split('.');
    if (fraction.length !== 2) throw new Error(`'${text}' does not show cents`);
    return BigInt(whole + fraction);
}

/** '2,823' or '2 823'. */
export function shownCount(text, language) {
    return BigInt(plain(text, language));
}

function plain(text, language) {
    const kept = [...text]
        .filter((char) => /\d/.test(char) || char === POINT[language] || char === '−')
        .map((char) => (char === POINT[language] ? '.' : char === '−' ? '-' : char))
        .join('');
    if (!/^-?\d+(\.\d+)?$/.test(kept)) throw new Error(`'${text}' is not a number in ${language}`);
    return kept;
}
