//! Randomness from the system, and the texts that are made of it. Not for: ids, which make their own.

const UPPER_BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ALPHANUMERIC: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

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
