//! Values as they are sent.

/// Appends values in PackStream. Whoever opens a list or a map of `n` elements appends `n` values (or names and values)
/// after it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Packer {
    bytes: Vec<u8>,
}

/// The place of a length that is not known yet.
#[derive(Debug)]
#[must_use = "the list stays empty until its length is set"]
pub struct OpenList(usize);

impl Packer {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was appended.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What was appended.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// How much was appended.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was appended yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Forgets everything and keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Forgets what was appended behind that length.
    pub fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
    }

    /// Values that were packed before.
    pub fn raw(&mut self, packed: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(packed);
        self
    }

    /// `null`
    pub fn null(&mut self) -> &mut Self {
        self.bytes.push(0xc0);
        self
    }

    /// `true` or `false`
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.bytes.push(if value { 0xc3 } else { 0xc2 });
        self
    }

    /// An integer, in as few bytes as it needs.
    pub fn int(&mut self, value: i64) -> &mut Self {
        if let Ok(tiny) = i8::try_from(value) {
            if tiny < -16 {
                self.bytes.push(0xc8);
            }
            self.bytes.push(tiny.cast_unsigned());
        } else if let Ok(short) = i16::try_from(value) {
            self.bytes.push(0xc9);
            self.bytes.extend(short.to_be_bytes());
        } else if let Ok(medium) = i32::try_from(value) {
            self.bytes.push(0xca);
            self.bytes.extend(medium.to_be_bytes());
        } else {
            self.bytes.push(0xcb);
            self.bytes.extend(value.to_be_bytes());
        }
        self
    }

    /// A double.
    pub fn float(&mut self, value: f64) -> &mut Self {
        self.bytes.push(0xc1);
        self.bytes.extend(value.to_be_bytes());
        self
    }

    /// A text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.header(Some(0x80), [0xd0, 0xd1, 0xd2], text.len());
        self.bytes.extend_from_slice(text.as_bytes());
        self
    }

    /// A text, or `null`.
    pub fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    /// Bytes.
    pub fn byte_string(&mut self, bytes: &[u8]) -> &mut Self {
        self.header(None, [0xcc, 0xcd, 0xce], bytes.len());
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// Opens a list.
    pub fn list(&mut self, length: usize) -> &mut Self {
        self.header(Some(0x90), [0xd4, 0xd5, 0xd6], length);
        self
    }

    /// Opens a list whose length is told later.
    pub fn open_list(&mut self) -> OpenList {
        self.bytes.push(0xd6);
        let at = self.bytes.len();
        self.bytes.extend([0; 4]);
        OpenList(at)
    }

    /// Tells the length of such a list.
    #[expect(clippy::needless_pass_by_value, reason = "a list is closed once")]
    pub fn close_list(&mut self, list: OpenList, length: usize) -> &mut Self {
        let length = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
        if let Some(place) = self.bytes.get_mut(list.0..list.0 + 4) {
            place.copy_from_slice(&length);
        }
        self
    }

    /// Opens a map.
    pub fn map(&mut self, length: usize) -> &mut Self {
        self.header(Some(0xa0), [0xd8, 0xd9, 0xda], length);
        self
    }

    /// Opens a structure.
    pub(crate) fn structure(&mut self, tag: u8, fields: u8) -> &mut Self {
        self.bytes.extend([0xb0 | fields, tag]);
        self
    }

    fn header(&mut self, tiny: Option<u8>, wide: [u8; 3], length: usize) {
        match (tiny, u8::try_from(length), u16::try_from(length)) {
            (Some(tiny), Ok(length @ 0..16), _) => self.bytes.push(tiny | length),
            (_, Ok(length), _) => self.bytes.extend([wide[0], length]),
            (_, _, Ok(length)) => {
                self.bytes.push(wide[1]);
                self.bytes.extend(length.to_be_bytes());
            }
            _ => {
                self.bytes.push(wide[2]);
                // Longer ones are refused long before: no message of 4 GiB is ever made.
                self.bytes
                    .extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
            }
        }
    }
}
