//! When a signature is good: from its time on, give or take the difference of the clocks, to its end.
//! Not for: the life of a session token.

use jiff::Timestamp;
use muster_protocol::signing::sigv4::SignedRequest;

/// Checks the time of a signature.
///
/// # Errors
/// AWS's text, with both times in it: a node whose clock is off can tell from it by how much.
pub(super) fn check(signed: &SignedRequest, skew_minutes: i64, now_ms: i64) -> Result<(), String> {
    let skew_ms = skew_minutes * 60_000;
    // A presigned request says itself how long it is good; the clocks may differ at its beginning alone.
    let (life_ms, life) = match signed.presigned {
        Some(seconds) => (i64::from(seconds) * 1000, format!("{seconds} sec.")),
        None => (skew_ms, format!("{skew_minutes} min.")),
    };
    let (signed_at, now) = (&signed.amz_date, basic(now_ms));
    // Signatures carry whole seconds: the present is cut to them too.
    let now_ms = now_ms.div_euclid(1000) * 1000;
    let (earliest, latest) = (now_ms.saturating_sub(life_ms), now_ms.saturating_add(skew_ms));
    if signed.signed_at_ms < earliest {
        let earliest = basic(earliest);
        return Err(format!(
            "Signature expired: {signed_at} is now earlier than {earliest} ({now} - {life})"
        ));
    }
    if signed.signed_at_ms > latest {
        let latest = basic(latest);
        return Err(format!(
            "Signature not yet current: {signed_at} is still later than {latest} ({now} + {skew_minutes} min.)"
        ));
    }
    Ok(())
}

/// `yyyymmddThhmmssZ`.
fn basic(time_ms: i64) -> String {
    Timestamp::from_millisecond(time_ms)
        .map_or_else(|_| time_ms.to_string(), |time| time.strftime("%Y%m%dT%H%M%SZ").to_string())
}
