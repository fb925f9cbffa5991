//! V8's serialization format, version 15: what `Serializer` and `Deserializer` of `node:v8` write and read.
