//! Answers that are known, for a host to be proved by. The private halves of their keys were thrown
//! away.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::json;

use super::{SignatureCheck, Verdict};
use crate::keys::Key;

const MESSAGE: &[u8] = b"waxseal";

impl SignatureCheck {
    /// Checks of an algorithm with the one right answer to each: a host whose answers differ, or that
    /// gives none, must not be asked about that algorithm. None for one that no host is asked about.
    pub fn known_answers(algorithm: &str) -> Vec<(Self, Verdict)> {
        let rsa = || json!({ "kty": "RSA", "n": MODULUS, "e": "AQAB" });
        let (algorithm, jwk, signature) = match algorithm {
            "RS256" => (Algorithm::RS256, rsa(), RS256),
            "RS384" => (Algorithm::RS384, rsa(), RS384),
            "RS512" => (Algorithm::RS512, rsa(), RS512),
            "PS256" => (Algorithm::PS256, rsa(), PS256),
            "ES256" => (
                Algorithm::ES256,
                json!({ "kty": "EC", "crv": "P-256", "x": P256.0, "y": P256.1 }),
                ES256,
            ),
            "ES384" => (
                Algorithm::ES384,
                json!({ "kty": "EC", "crv": "P-384", "x": P384.0, "y": P384.1 }),
                ES384,
            ),
            _ => return Vec::new(),
        };
        let (Ok(key), Ok(signature)) =
            (Key::of_proof(&jwk, algorithm), URL_SAFE_NO_PAD.decode(signature))
        else {
            return Vec::new();
        };
        let key = Arc::new(key);
        let check = |message: &[u8], signature: &[u8]| {
            Self::of(algorithm, Arc::clone(&key), message, signature.to_vec())
        };
        // One bit is another, first of `r` or the number, then of `s`.
        let changed = |place: usize| {
            let mut other = signature.clone();
            other.get_mut(place).into_iter().for_each(|byte| *byte ^= 1);
            check(MESSAGE, &other)
        };
        vec![
            (check(MESSAGE, &signature), Verdict::Valid),
            (check(b"waxseaL", &signature), Verdict::Invalid),
            (check(b"", &signature), Verdict::Invalid),
            (changed(signature.len() / 4), Verdict::Invalid),
            (changed(signature.len().saturating_sub(1)), Verdict::Invalid),
        ]
    }
}

const P256: (&str, &str) =
    ("lXVOnWKSKLD88sj_Qx_GKxTNZh_fQ_dGXpIqoNCF89w", "2qQ8ZXnMnrxH3p49Ed-_qM7eYrhPndXjj3O3pzYPhU0");
const P384: (&str, &str) = (
    "KXvc3jEVCHuuBgiD9GmnXz-dLJcIgfVEuGNuVqWBP5h3KmBm3AfjfLZVpW206ArY",
    "yeO-8VgK0PBhCTM_kLw6XNgwHIRghwWYLHbc6x4LarojFCyw129KJqnPKhVEMu3j",
);
const MODULUS: &str = concat!(
    "j6PzpSxsr5bQjkmErIKwVUIiB0lnSIvLNTAWzONUKcH0Rh6M8Dos3V6WBskDgLGM2Edt0mSZk4o2Bt_fnfM-dq9EQ1rF",
    "uI9I2eiY0PteK_qgaAQSiOGsDqyvTtT6HHKkVLMWXF8VZytz6lMNzv3c07YEIgTTlzTxuZDCWEktLSyDsQI8z7kRVF_c",
    "CzqgKMngc0J3-PlLY-GkRphdBXwOHWitNCC-OVp1tE3HiJuXUqbwdMpTlSsCHbx4C5w86xG6_k9r0UUwM28QpsuLap7y",
    "fZ63Rt4YIUCRHXONOdQ-IgaXN_Th0iqD6m-6fOVcU5kIPBROC0p8VpY92foCznmfPw",
);
const RS256: &str = concat!(
    "UUxqgSUnnT2s3j66syUxmIr9zgEK2WisjK1WELH-RjpFUv8b1P_Eb07ZeRScyjUMP6kGCWCIU3CoetUp_QN3D7tD49oK",
    "u0d1H8rbctSWbNX77BaVOwvrU3L8aHbrw5ptma02c_iombcD7-PAZH8kdZkQM6qw0Y2lrAmmS41C16OKg1SN8ABXbsos",
    "Bz_cUsn5rClHbSCFCCMUgqxdgoA0Y8x8ekclG9DW3pfOrUMb52IcL4a3FNJ3mgLKOij2nrTATnkdJb9Z9hN0fQx-ngI-",
    "bOX_n6LYwPLFVT26kuhsSJwnIU69FBPqDKrutraAsLB2f-nHNpk5MpHW5kDQQhKf3g",
);
const RS384: &str = concat!(
    "i8VDYl8a7nJIBpEnMrh5uELqMB6EAgll-K8C4rJFXk9VmlgsfFYHUE3ojmNpL7PfG-M8LJslkbdKVu9dMb5dN52sc0oW",
    "HxhpBP2mFq3UjV7M3rRl69sNlQaqiJW3FFuFw8Dc7zkC_0H1ZKnxXqzBXpRDK7xanEfuUhzbNmmF9jDhtljaH05GdhMe",
    "0n7eZ3ijpySRGQMA7SOY6CRCjYn1tG_0Fqj5vueezOSdIdo5SjvA53LkWUWeg7W2awDCsNQ5Y3tjxzDteLJLAOTp7kzV",
    "dTu9JYHJwTaWAto2CqJGO7hG0svTH9DGR7GZm9hD3pfoKnZEcTAgCKdbKNRUC02KMQ",
);
const RS512: &str = concat!(
    "OfI8q_FSe-ha8aKsmC6nsDFDCpnfGi9bks6lTO5oY-y1gSKct4s17nYSgiwXxVDIS_X4fPHAYFXNKu7QJlCqLT7xjBZT",
    "2xThSbU1zJMGjHgvKjHkEfMVaQd2zNHlVsuku8MYjqLtAtw2YnAZ8h-_OhQcMm0zg3XN3Gyni1wzI5WkvBOKmJqUTiuW",
    "kIEhexEKIWgwHjX2-wre-aiEpDHrCXZdM0sRf3fbQqgRh8tUutnFytLa82v-e11ifOZ7kW-N7c4G9lICFrxviFIbXe22",
    "s7rWY1_q_5Em2QP5loKv7xeHAzElPPD6VKh_nrP-L5QIx2h7WZKP5g_mey94ETccRg",
);
const PS256: &str = concat!(
    "QwL70NDpbbLAMUnWqK_XYe0VwiDe0vmK8S_trNcMifYQ4JaoSS6La40vR3lkCCNAZhfVKuIk_VH37RzjmtsR2XsWDx0s",
    "tek2AzV0hYZv_qjR3LH8_bJi7C8oPeVr1AXqcSY4-oX6Lm305GVjwilxjyG_dDIoUn5yI-Bzf8utWW_NPA6H79zRzH7W",
    "SvFosMarC24dHNxqfx4_LiKvDPO61tawsW9Db01Z8fStmGfMeetM7bl2P9HNTjn2dZNS84ZTKOI5iUnuQnVtpc-7D_Ib",
    "IYQDYjNypMrBw-YPaSzczm3J4l1z9KTa4wkIXdrtvz0Z2i_PTv8HMKIFcls61G3g_A",
);
const ES256: &str =
    "h3kJ08piIE1HDBcVcZXg_W7DrI_cYvkTDyDenJhiUyAO036rRSsULaJtDJCH44zLZIcBKFIslgTpIIdtdptlXQ";
const ES384: &str = concat!(
    "INaI8Fcj-IKq89Wwnt72_2c3u5OabI5N2njK1O2u_sKMk2JMFsLbj_8qJVeCjYswUO-TVeRE0RQ4JYL7rAPnzMvHvtPW",
    "UAl6RztNMqvT5JcWYyMbILDsKC2xyPJOeYyv",
);

#[cfg(test)]
mod tests {
    use super::{SignatureCheck, Verdict};

    #[test]
    fn the_crates_own_cryptography_knows_them() {
        for algorithm in ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384"] {
            let known = SignatureCheck::known_answers(algorithm);
            assert_eq!(known.iter().filter(|(_, verdict)| *verdict == Verdict::Valid).count(), 1);
            assert!(known.len() > 3, "{algorithm}");
            for (check, verdict) in known {
                assert_eq!((check.algorithm(), check.verify()), (algorithm, verdict));
                // Otherwise the host would not be tried by it.
                assert!(check.for_host().is_some(), "{algorithm}");
            }
        }
        for algorithm in ["EdDSA", "none", "HS256", ""] {
            assert!(SignatureCheck::known_answers(algorithm).is_empty(), "{algorithm}");
        }
    }
}
