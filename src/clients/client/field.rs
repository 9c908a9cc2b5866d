//! The fields of a client: one table of their names, limits and nouns.

use crate::clients::Language;

macro_rules! client_fields {
    (
        $($field:ident = $name:literal, $min:literal, $max:expr, $spanish:literal, $english:literal;)*
        ; $other:ident = $other_name:literal, $other_spanish:literal, $other_english:literal;
    ) => {
        /// A field that a request about a client may name, in the order of the API's response.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum ClientField {
            $($field,)*
            $other,
        }

        impl ClientField {
            const ALL: &[Self] = &[$(Self::$field,)* Self::$other];

            /// The names of the fields that a client has.
            pub(super) const NAMES: [&'static str; 18] = [$($name,)*];

            pub(super) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$field => $name,)*
                    Self::$other => $other_name,
                }
            }

            /// Returns the minimum and maximum number of characters (Unicode scalar values).
            pub(super) const fn limits(self) -> (usize, usize) {
                match self {
                    $(Self::$field => ($min, $max),)*
                    Self::$other => (0, usize::MAX),
                }
            }

            /// Returns the field's name in messages, in Spanish with its article.
            pub(super) const fn noun(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$field, Language::Spanish) => $spanish,)*
                    $((Self::$field, Language::English) => $english,)*
                    (Self::$other, Language::Spanish) => $other_spanish,
                    (Self::$other, Language::English) => $other_english,
                }
            }
        }
    };
}

const ANY: usize = usize::MAX;

// The clinic's API sets these limits; it sets none for the avatar.
client_fields! {
    UserId = "user_id", 0, ANY, "El identificador", "User id";
    Email = "email", 0, 50, "El email", "Email";
    Name = "name", 2, 50, "El nombre", "Name";
    Surname = "surname", 2, 50, "El apellido", "Surname";
    Phone = "phone", 6, 20, "El teléfono", "Phone";
    Address = "address", 0, 255, "La dirección", "Address";
    City = "city", 0, 50, "La ciudad", "City";
    Country = "country", 0, 50, "El país", "Country";
    PostalCode = "postal_code", 0, 20, "El código postal", "Postal code";
    Gender = "gender", 0, 10, "El género", "Gender";
    BirthDate = "birth_date", 0, ANY, "La fecha de nacimiento", "Birth date";
    Role = "role", 0, ANY, "El rol", "Role";
    Status = "status", 0, ANY, "El estado", "Status";
    Avatar = "avatar", 0, ANY, "El avatar", "Avatar";
    DocumentType = "document_type", 0, ANY, "El tipo de documento", "Document type";
    DocumentNumber = "document_number", 0, 20, "El número de documento", "Document number";
    CreatedAt = "created_at", 0, ANY, "La fecha de creación", "Creation date";
    UpdatedAt = "updated_at", 0, ANY, "La fecha de actualización", "Update date";
    ; Password = "password", "La contraseña", "Password";
}

impl ClientField {
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.as_str() == name)
    }
}
