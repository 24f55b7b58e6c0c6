//! Data as JSON, and whether it can be read back.
//!
//! What is written must be there at the next request, or the write is an error. JSON has no NaN and
//! no infinities; `serde_json` writes `null` for them. Its reader stops at 128 levels of nesting.

mod twins;

use std::io;

use serde::{
    Serialize,
    ser::{
        self, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
        SerializeTupleStruct, SerializeTupleVariant,
    },
};
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

pub(crate) use self::twins::has_twins;

/// Why data cannot be stored in a session. Contains nothing of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Its `Serialize` failed.
    Serialize,
    NotFinite,
    TooDeep,
    Twins,
}

impl Fault {
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Serialize => {
                "it does not serialize to JSON; try `serde_json::to_string` on it in a test"
            }
            Self::NotFinite => {
                "it holds a NaN or an infinity, which JSON does not have; check the number before the write"
            }
            Self::TooDeep => {
                "it is nested more than 127 levels deep, which no reader accepts; flatten it"
            }
            Self::Twins => {
                "its JSON has an object with two members of one name; let no two fields have one name, nor two keys of a map"
            }
        }
    }
}

/// Writes the data as JSON.
pub(crate) fn write<T: Serialize>(writer: impl io::Write, data: &T) -> Result<(), Fault> {
    let mut watch = Watch::default();
    let mut json = Serializer::with_formatter(writer, &mut watch);
    data.serialize(&mut json).map_err(|_| Fault::Serialize)?;
    if watch.deepest > MAX_DEPTH {
        return Err(Fault::TooDeep);
    }
    // A null may stand for NaN or an infinity, though usually it is a `None`.
    match watch.wrote_null {
        true => data.serialize(Finite).map_err(|_| Fault::NotFinite),
        false => Ok(()),
    }
}

/// Writes as usual, and notes what may not be readable.
#[derive(Default)]
struct Watch {
    wrote_null: bool,
    /// Never near the end of its numbers, so nothing checks for that.
    depth: usize,
    deepest: usize,
}

impl Watch {
    #[inline]
    fn begin(&mut self) {
        self.depth = self.depth.wrapping_add(1);
        self.deepest = self.deepest.max(self.depth);
    }
}

impl Formatter for &mut Watch {
    fn write_null<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.wrote_null = true;
        CompactFormatter.write_null(writer)
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin();
        CompactFormatter.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth = self.depth.wrapping_sub(1);
        CompactFormatter.end_array(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin();
        CompactFormatter.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth = self.depth.wrapping_sub(1);
        CompactFormatter.end_object(writer)
    }
}

/// Looks at every number of the data and writes nothing.
#[derive(Clone, Copy)]
struct Finite;

impl ser::Error for NotFinite {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
}

/// A number is NaN or infinite.
#[derive(Debug, thiserror::Error)]
#[error("not a finite number")]
struct NotFinite;

macro_rules! fine {
    ($($method:ident: $type:ty),+) => {
        $(fn $method(self, _: $type) -> Result<(), NotFinite> { Ok(()) })+
    };
}

impl ser::Serializer for Finite {
    type Ok = ();
    type Error = NotFinite;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    fine!(
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32,
        serialize_i64: i64, serialize_i128: i128, serialize_u8: u8, serialize_u16: u16,
        serialize_u32: u32, serialize_u64: u64, serialize_u128: u128, serialize_char: char,
        serialize_str: &str, serialize_bytes: &[u8], serialize_unit_struct: &'static str
    );

    fn serialize_f32(self, number: f32) -> Result<(), NotFinite> {
        number.is_finite().then_some(()).ok_or(NotFinite)
    }

    fn serialize_f64(self, number: f64) -> Result<(), NotFinite> {
        number.is_finite().then_some(()).ok_or(NotFinite)
    }

    fn serialize_none(self) -> Result<(), NotFinite> {
        Ok(())
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), NotFinite> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NotFinite> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
    ) -> Result<(), NotFinite> {
        Ok(())
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), NotFinite> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), NotFinite> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, NotFinite> {
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, NotFinite> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, NotFinite> {
        Ok(self)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, NotFinite> {
        Ok(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, NotFinite> {
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, NotFinite> {
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, NotFinite> {
        Ok(self)
    }
}

macro_rules! compound {
    ($($trait:ident::$method:ident($($key:ty)?)),+ $(,)?) => {
        $(impl $trait for Finite {
            type Ok = ();
            type Error = NotFinite;

            fn $method<T: ?Sized + Serialize>(
                &mut self, $(_: $key,)? value: &T,
            ) -> Result<(), NotFinite> {
                value.serialize(*self)
            }

            fn end(self) -> Result<(), NotFinite> {
                Ok(())
            }
        })+
    };
}

compound!(
    SerializeSeq::serialize_element(),
    SerializeTuple::serialize_element(),
    SerializeTupleStruct::serialize_field(),
    SerializeTupleVariant::serialize_field(),
    SerializeStruct::serialize_field(&'static str),
    SerializeStructVariant::serialize_field(&'static str),
);

impl SerializeMap for Finite {
    type Ok = ();
    type Error = NotFinite;

    // As a key, `serde_json` takes no number that is not finite.
    fn serialize_key<T: ?Sized + Serialize>(&mut self, _: &T) -> Result<(), NotFinite> {
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), NotFinite> {
        value.serialize(*self)
    }

    fn end(self) -> Result<(), NotFinite> {
        Ok(())
    }
}

/// The reader of `serde_json` gives up at the next level.
const MAX_DEPTH: usize = 127;
