//! Numbers and points -> DER (X.690 section 8), as far as keys and signatures need it.

/// id-ecPublicKey with P-256 (RFC 5480 section 2.1.1).
pub const P256: &[u8] =
    b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
/// id-ecPublicKey with P-384.
pub const P384: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22";
/// rsaEncryption with its NULL (RFC 3279 section 2.3.1).
pub const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
/// id-Ed25519 (RFC 8410 section 3).
pub const ED25519: &[u8] = b"\x06\x03\x2b\x65\x70";

/// A SEQUENCE of what is DER already.
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(0x30, parts)
}

/// An INTEGER of a number that is not negative, most significant byte first.
pub fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = number.get(zeros..).unwrap_or_default();
    // A set first bit would be a sign; zero is one byte.
    let sign: &[u8] = if digits.first().is_none_or(|byte| *byte >= 0x80) { &[0] } else { &[] };
    element(0x02, &[sign, digits])
}

/// A BIT STRING of whole bytes.
pub fn bits(bytes: &[u8]) -> Vec<u8> {
    element(0x03, &[&[0], bytes])
}

fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    let digits = length.to_be_bytes();
    let zeros = digits.iter().take_while(|byte| **byte == 0).count();
    let digits = digits.get(zeros..).unwrap_or_default();
    let mut element = vec![tag];
    match u8::try_from(length) {
        Ok(short @ ..0x80) => element.push(short),
        _ => {
            // Eight digits at most.
            element.push(0x80 | u8::try_from(digits.len()).unwrap_or_default());
            element.extend_from_slice(digits);
        }
    }
    parts.iter().for_each(|part| element.extend_from_slice(part));
    element
}

#[cfg(test)]
mod tests {
    use super::{bits, integer, sequence};

    #[test]
    fn lengths_and_signs_are_the_shortest() {
        assert_eq!(integer(&[]), [2, 1, 0]);
        assert_eq!(integer(&[0, 0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(integer(&[0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(bits(&[9]), [3, 2, 0, 9]);
        for (size, head) in
            [(0x7f, &[0x30, 0x7f][..]), (0x80, &[0x30, 0x81, 0x80]), (0x100, &[0x30, 0x82, 1, 0])]
        {
            let whole = sequence(&[&vec![5; size]]);
            assert_eq!(whole.get(..head.len()), Some(head));
            assert_eq!(whole.len(), head.len() + size);
        }
    }
}
