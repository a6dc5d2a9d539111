//! `Double.toString` and `Float.toString` of Java 8 to 18, which do not always find the shortest
//! digits: 1e23 is `9.999999999999999E22` there.
//!
//! The algorithm is that of `jdk.internal.math.FloatingDecimal`: Steele and White's, with shortcuts
//! that cost digits. Sqoop ran on these versions, so its files have these digits.
//!
//! Java's 64-bit arithmetic overflows for some floats of eight digits or more, and gives another
//! last digit there; that is not imitated, since `MySQL` sends six digits of a FLOAT.

use num_bigint::BigInt;

/// A number's binary parts: `fraction` has its highest bit at [`FRACTION_BITS`].
#[derive(Clone, Copy)]
struct Binary {
    fraction: u64,
    exponent: i32,
    /// Of the format: 53 or 24, fewer where the number is denormal.
    significant_bits: i32,
}

const FRACTION_BITS: i32 = 52;

/// Decimal digits, and the power of ten of the first one.
pub(super) struct Digits {
    pub(super) digits: String,
    pub(super) exponent: i32,
}

/// `number` is finite and above zero.
pub(super) fn of_double(number: f64) -> Digits {
    let bits = number.to_bits();
    digits(normalised(bits & ((1 << 52) - 1), bits >> 52, 52, 1023))
}

/// `number` is finite and above zero.
pub(super) fn of_float(number: f32) -> Digits {
    let bits = u64::from(number.to_bits());
    digits(normalised(bits & ((1 << 23) - 1), bits >> 23, 23, 127))
}

fn normalised(fraction: u64, exponent: u64, width: i32, bias: i32) -> Binary {
    let exponent = i32::try_from(exponent).unwrap_or(0);
    let (fraction, exponent, significant_bits) = if exponent == 0 {
        let used = 64 - fraction.leading_zeros().cast_signed();
        let shift = width + 1 - used;
        (fraction << shift, 1 - shift, used)
    } else {
        (fraction | 1 << width, exponent, width + 1)
    };
    Binary {
        fraction: fraction << (FRACTION_BITS - width),
        exponent: exponent - bias,
        significant_bits,
    }
}

fn digits(number: Binary) -> Digits {
    let trailing = number.fraction.trailing_zeros().cast_signed();
    let bits = FRACTION_BITS + 1 - trailing;
    // Behind the binary point.
    let tiny_bits = (bits - number.exponent - 1).max(0);
    if (-21..=62).contains(&number.exponent) && tiny_bits == 0 {
        return whole_number(number);
    }
    generated(number, trailing, bits, tiny_bits)
}

/// A whole number of at most 63 bits: its digits, without those that say nothing.
fn whole_number(number: Binary) -> Digits {
    let mut value = if number.exponent >= FRACTION_BITS {
        number.fraction << (number.exponent - FRACTION_BITS)
    } else {
        number.fraction >> (FRACTION_BITS - number.exponent)
    };
    let beyond = number.exponent - number.significant_bits - 1;
    // Powers of ten in that power of two.
    let insignificant = if beyond > 1 {
        beyond.cast_unsigned() * 30_103 / 100_000
    } else {
        0
    };
    let unit = 10_u64.pow(insignificant);
    let rounded_up = value % unit >= unit / 2 && insignificant > 0;
    value = value / unit + u64::from(rounded_up);
    let all = value.to_string();
    let shown = all.trim_end_matches('0');
    let digits_before = all.len() + insignificant as usize;
    Digits {
        digits: shown.to_owned(),
        exponent: i32::try_from(digits_before).unwrap_or(i32::MAX) - 1,
    }
}

fn generated(number: Binary, trailing: i32, bits: i32, tiny_bits: i32) -> Digits {
    let mut exponent = estimated_exponent(number);
    let (five_value, five_scale) = ((-exponent).max(0), exponent.max(0));
    let mut two_value = five_value + tiny_bits + number.exponent;
    let mut two_scale = five_scale + tiny_bits;
    let mut two_half = two_value - number.significant_bits;
    two_value -= bits - 1;
    let common = two_value.min(two_scale);
    two_value -= common;
    two_scale -= common;
    two_half -= common;
    // Below a power of two the neighbour is half as far away.
    if bits == 1 {
        two_half -= 1;
    }
    if two_half < 0 {
        two_value -= two_half;
        two_scale -= two_half;
        two_half = 0;
    }
    // With 64 bits Java compares otherwise than with big numbers.
    let small = bits + two_value + bits_of_power_of_5(five_value) < 64
        && two_scale + 1 + bits_of_power_of_5(five_scale + 1) < 64;

    let scale = power(five_scale, two_scale);
    let tens = &scale * 10u32;
    let mut half = power(five_value, two_half) * 10u32;
    let start = BigInt::from(number.fraction >> trailing) * power(five_value, two_value);
    let (mut quotient, mut value) = (&start / &scale, (start % &scale) * 10u32);
    let is_high = |value: &BigInt, half: &BigInt| {
        let sum = value + half;
        if small { sum > tens } else { sum >= tens }
    };
    let (mut low, mut high) = (value < half, is_high(&value, &half));
    let mut digits: Vec<u8> = Vec::new();
    let push = |digits: &mut Vec<u8>, quotient: &BigInt| {
        digits.push(u8::try_from(quotient).unwrap_or(9));
    };
    if quotient == BigInt::ZERO && !high {
        exponent -= 1;
    } else {
        push(&mut digits, &quotient);
    }
    // Scientific notation has a digit behind the point.
    if !(-3..8).contains(&exponent) {
        (low, high) = (false, false);
    }
    while !low && !high {
        (quotient, value) = (&value / &scale, (value % &scale) * 10u32);
        half *= 10u32;
        (low, high) = (value < half, is_high(&value, &half));
        push(&mut digits, &quotient);
    }
    let twice = value * 2u32;
    let is_odd = digits.last().is_some_and(|digit| digit % 2 == 1);
    let up = high && (!low || twice > tens || (twice == tens && is_odd));
    if up && rounds_to_next_power(&mut digits) {
        exponent += 1;
    }
    Digits {
        digits: digits
            .iter()
            .map(|digit| char::from(b'0' + digit))
            .collect(),
        exponent,
    }
}

/// Adds one to the last digit; `true` where 9…9 became 1.
fn rounds_to_next_power(digits: &mut [u8]) -> bool {
    for digit in digits.iter_mut().rev() {
        if *digit < 9 {
            *digit += 1;
            return false;
        }
        *digit = 0;
    }
    if let Some(first) = digits.first_mut() {
        *first = 1;
    }
    true
}

fn power(fives: i32, twos: i32) -> BigInt {
    let exponent = |number: i32| u32::try_from(number).unwrap_or(0);
    BigInt::from(5).pow(exponent(fives)) << exponent(twos)
}

/// How many bits 5^n has, as Java counts them: none for 1.
fn bits_of_power_of_5(n: i32) -> i32 {
    if n == 0 {
        0
    } else if n < 27 {
        i32::try_from(power(n, 0).bits()).unwrap_or(i32::MAX)
    } else {
        n * 3
    }
}

/// Not one digit more, or some estimates would be others.
#[expect(clippy::approx_constant, reason = "as Java has it")]
const LOG10_2: f64 = 0.301_029_995_663_981;

/// Java's estimate of the power of ten; at most one too high.
fn estimated_exponent(number: Binary) -> i32 {
    let one = 1023 << 52;
    let mantissa = f64::from_bits(one | number.fraction & ((1 << 52) - 1));
    let estimate =
        (mantissa - 1.5) * 0.289_529_654 + 0.176_091_259 + f64::from(number.exponent) * LOG10_2;
    #[expect(clippy::cast_possible_truncation, reason = "between -324 and 308")]
    let floor = estimate.floor() as i32;
    floor
}
