//! How a webhook knows that a call is ours, and is no old one sent again: `X-Muster-Signature: t=TIME,v1=HEX`.
//!
//! TIME is in seconds since the epoch; HEX is HMAC-SHA256 with the target's secret over TIME, a full stop and the body.

use aws_lc_rs::hmac;

/// The header's name.
pub(crate) const SIGNATURE: &str = "x-muster-signature";

/// The header's value.
pub(crate) fn signature(secret: &[u8], now_ms: i64, body: &[u8]) -> String {
    let time = now_ms.div_euclid(1000);
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret));
    context.update(time.to_string().as_bytes());
    context.update(b".");
    context.update(body);
    format!("t={time},v1={}", hex::encode(context.sign()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_can_be_made_by_hand() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef
        assert_eq!(
            signature(b"0123456789abcdef", 1_700_000_000_999, br#"{"a":1}"#),
            "t=1700000000,v1=9eb18f493f8ec135d9eb2dad817c369bb4e9cbfa818657897a7437c1cd8c3a23"
        );
    }
}
