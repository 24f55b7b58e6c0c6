//! Models of English text and of other texts that people make up.
//!
//! Each model is a code: it assigns a length in bits to every symbol that may come next. By Kraft's
//! inequality, tested below, it cannot give short lengths to too many symbols. So the chance that a
//! random text comes out t bits shorter than its own length is at most 2^-t.

/// A length in 32nds of a bit.
pub(super) type Cost = u32;

pub(super) const BIT: Cost = 32;
const HALF_BIT: Cost = BIT / 2;
/// The cost of a step that does not go up.
const STEP: Cost = 3 * BIT;

/// The cost of text in bytes: words, spaces, and sometimes another printable character.
pub(super) fn of_bytes(bytes: impl Iterator<Item = u8>) -> Option<Cost> {
    letters(bytes, 11, |byte| match byte {
        b' ' => Some(88),
        b'!'..=b'~' => Some(327),
        _ => None,
    })
}

/// The cost of text in the letters of base64, which have neither spaces nor punctuation.
pub(super) fn of_base64(text: impl Iterator<Item = u8>) -> Option<Cost> {
    letters(text, 2, |_| Some(262))
}

/// The cost of symbols that go up, down or along a keyboard, or stay the same.
///
/// `jump` is the cost of any other symbol: two bits, plus the bits of the symbol itself.
pub(super) fn of_runs(text: impl Iterator<Item = u8>, jump: Cost) -> Cost {
    let mut cost: Cost = 0;
    let mut previous = None;
    for byte in text {
        let next = previous.map_or(Step::Jump, |previous| step(previous, byte));
        let step = match next {
            Step::Up => 48,
            Step::Down | Step::Stay | Step::Keyboard => STEP,
            Step::Jump => jump,
        };
        cost = cost.saturating_add(step);
        previous = Some(byte);
    }
    cost
}

/// `of_other` gives the cost of a byte that is not a letter. `None` if no text has such a byte.
fn letters(
    text: impl Iterator<Item = u8>,
    is_letter: Cost,
    of_other: impl Fn(u8) -> Option<Cost>,
) -> Option<Cost> {
    let (mut cost, mut row, mut case): (Cost, _, _) = (0, WORD_START, Case::Begins);
    for byte in text {
        if !byte.is_ascii_alphabetic() {
            cost = cost.saturating_add(of_other(byte)?);
            (row, case) = (WORD_START, Case::Begins);
            continue;
        }
        let letter = usize::from(byte.to_ascii_lowercase().checked_sub(b'a')?);
        let length = PAIRS.get(row)?.get(letter)?.checked_sub(b'a')?;
        let is_upper = byte.is_ascii_uppercase();
        let (of_case, next) = match case {
            Case::Begins => (BIT, Case::Second),
            Case::Second => (BIT, Case::Goes(is_upper)),
            Case::Goes(on) if on == is_upper => (SAME_CASE, case),
            Case::Goes(_) => (OTHER_CASE, Case::Goes(is_upper)),
        };
        let of_letter = Cost::from(length).saturating_mul(HALF_BIT);
        cost = [is_letter, of_letter, of_case].into_iter().fold(cost, Cost::saturating_add);
        (row, case) = (letter, next);
    }
    Some(cost)
}

/// What is known about the case of the next letter. The first two letters of a word may have any.
#[derive(Clone, Copy)]
enum Case {
    Begins,
    Second,
    Goes(bool),
}

enum Step {
    Up,
    Down,
    Stay,
    Keyboard,
    Jump,
}

fn step(previous: u8, byte: u8) -> Step {
    if byte == previous.wrapping_add(1) {
        Step::Up
    } else if byte == previous.wrapping_sub(1) {
        Step::Down
    } else if byte == previous {
        Step::Stay
    } else if NEXT_KEY.get(usize::from(previous)) == Some(&byte) {
        Step::Keyboard
    } else {
        Step::Jump
    }
}

const SAME_CASE: Cost = 2;
const OTHER_CASE: Cost = 147;

/// The key to the right of each ASCII character on a keyboard. 0 if there is none.
#[expect(clippy::indexing_slicing, reason = "evaluated when it is compiled")]
const NEXT_KEY: [u8; 128] = {
    let mut next = [0; 128];
    let mut rows: &[u8] = b"qwertyuiopasdfghjklzxcvbnm1 QWERTYUIOPASDFGHJKLZXCVBNM 90";
    while let [key, rest @ ..] = rows {
        if let [right, ..] = rest {
            next[*key as usize] = *right;
        }
        rows = rest;
    }
    next
};

/// The row of a letter that begins a word.
const WORD_START: usize = 26;

/// The length of each letter after each other, and at the beginning of a word, in half bits from
/// `a` for none. Counted in half a million English words.
const PAIRS: [&[u8; 26]; 27] = [
    b"rkjisolrktmikfuluhhemmqrmt",
    b"ipnoeqssiltgmtirvilpfssvht",
    b"hrmrhqsfktjkpsequingkqrvnv",
    b"hlmhelnpfqtlmminuljjjpmsou",
    b"inigllnplstkkgnlpfgionmlqt",
    b"homohjpresulppepuiljjsqtmu",
    b"iomodllkfttmokkoujjjjqmtqt",
    b"fqpqcqrpguuqnpiqummkotpvqu",
    b"mmillllurvpjkegnulhftmtkvo",
    b"jrlscurqitirtrjoqrhogtsstt",
    b"imnndkmqftrmpljmtogkmsltqu",
    b"hoojeoqsfvrgqqhnvpkkkppvit",
    b"elpoerrshvtpirhgvqkmlrrvsv",
    b"joigikfqjsnnonhouoiflnotnu",
    b"nmkkojnrnpolhenkvfkihlkssu",
    b"fsokfqpnjvrgqthivgliktqvov",
    b"lpnonmppnqrkpjnnppknbqnnrp",
    b"gpmmdnkqitmnllhpukjikooulv",
    b"imknfmokgtpmmmjksmjejqmtmt",
    b"iplofmqehusmoqgnuijklqntlt",
    b"llknkolskvuijhrhvheftssovt",
    b"frprcprsfvuqqojrvmnnpospuv",
    b"gpnqgpqeevupplhpvkkmqtqvsv",
    b"hnkndmqohurlmonguolgmqmoqv",
    b"hlkkllmmjsplkjfgtlghmoktps",
    b"fsqqcrsqhtrporhsurlpmsrvlk",
    b"gjikljlmhprljljksjiflnjsps",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// What a code leaves of the whole, for symbols of these costs.
    fn share(costs: impl Iterator<Item = Cost>) -> f64 {
        costs.map(|cost| (-f64::from(cost) / f64::from(BIT)).exp2()).sum()
    }

    #[test]
    fn no_code_has_more_short_lengths_than_there_is_room_for() {
        for (row, letters) in PAIRS.iter().enumerate() {
            let costs = letters.iter().map(|length| Cost::from(length - b'a') * HALF_BIT);
            assert!(share(costs) <= 1.0, "row {row}");
        }
        assert!(share([SAME_CASE, OTHER_CASE].into_iter()) <= 1.0);
        let bytes = std::iter::repeat_n(327, 94 - 52).chain([11, 88]);
        assert!(share(bytes) <= 1.0);
        assert!(share(std::iter::repeat_n(262, 64 - 52).chain([2])) <= 1.0);
        assert!(share([48, STEP, STEP, STEP, 2 * BIT].into_iter()) <= 1.0);
    }
}
