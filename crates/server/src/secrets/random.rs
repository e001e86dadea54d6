//! Randomness from the system, and the texts that are made of it. Not for: ids, which make their own.

use muster_ids::AccountId;

const UPPER_BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ALPHANUMERIC: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

const ACCOUNT_BITS: u32 = 40;
const RANDOM_BITS: u32 = 39;

/// Random bytes.
#[expect(clippy::expect_used, reason = "without randomness no key may be made; the process must not go on")]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system's random generator works");
    bytes
}

/// `length` letters and digits, each of the 62 as likely as the others.
pub fn random_alphanumeric(length: usize) -> String {
    random_of(ALPHANUMERIC, length)
}

/// `length` digits.
pub(crate) fn random_digits(length: usize) -> String {
    random_of(b"0123456789", length)
}

/// A new access key id: `prefix` and 16 characters of base 32.
pub(crate) fn random_access_key_id(prefix: &str) -> String {
    let mut id = String::from(prefix);
    id.push_str(&random_of(UPPER_BASE32, 16));
    id
}

/// A new unique id of an identity: `AIDA` (user), `AGPA` (group), `AROA` (role), `ANPA` (policy) or `AIPA` (instance
/// profile), and 17 characters of base 32. It is never given again, so what names it means this one identity for ever.
pub(crate) fn random_identity_id(prefix: &str) -> String {
    let mut id = String::from(prefix);
    id.push_str(&random_of(UPPER_BASE32, 17));
    id
}

/// A new id of temporary credentials: `ASIA` and, in base 32, a set bit, the 40 bits of the account and 39 random ones.
/// That is AWS's layout, so that tools which read the account in an id find it.
pub(crate) fn random_session_key_id(account: &AccountId) -> String {
    let random = u64::from_be_bytes(random_bytes()) & ((1 << RANDOM_BITS) - 1);
    let account = account.as_str().parse::<u128>().unwrap_or_default();
    let bits = 1 << (ACCOUNT_BITS + RANDOM_BITS) | account << RANDOM_BITS | u128::from(random);
    let letter = |index: u32| {
        let letter = (bits >> (75 - 5 * index)) & 31;
        UPPER_BASE32
            .get(usize::try_from(letter).unwrap_or_default())
            .map_or('A', |letter| char::from(*letter))
    };
    let mut id = String::from("ASIA");
    id.extend((0..16).map(letter));
    id
}

/// The account in an id of AWS's layout, see [`random_session_key_id`].
pub(crate) fn account_of_key_id(id: &str) -> Option<AccountId> {
    let letters = id.get(4..).filter(|letters| letters.len() == 16)?;
    let mut bits: u128 = 0;
    for byte in letters.bytes() {
        let letter = UPPER_BASE32.iter().position(|letter| *letter == byte)?;
        bits = bits << 5 | u128::try_from(letter).ok()?;
    }
    let account = (bits >> RANDOM_BITS) & ((1 << ACCOUNT_BITS) - 1);
    AccountId::parse(&format!("{account:012}")).ok()
}

/// A new secret access key: 40 characters, 238 random bits.
pub(crate) fn random_secret_access_key() -> String {
    random_alphanumeric(40)
}

fn random_of(alphabet: &[u8], length: usize) -> String {
    // Bytes beyond the last whole multiple would make the first letters likelier.
    let bound = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let bytes = random_bytes::<64>();
        let letters = bytes.iter().map(|&byte| usize::from(byte)).filter(|&byte| byte < bound);
        let letters = letters.filter_map(|byte| alphabet.get(byte % alphabet.len()));
        text.extend(letters.take(length - text.len()).map(|&letter| char::from(letter)));
    }
    text
}
