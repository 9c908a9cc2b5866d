//! The fields of a client: their names, limits and nouns in one table, and the messages about them in two languages.

use crate::domain::words::words;
use crate::domain::{Violation, ViolationCode, Violations};

macro_rules! client_fields {
    (
        $($field:ident = $name:literal, $min:literal, $max:expr, $spanish:literal, $english:literal;)*
        ; $other:ident = $other_name:literal, $other_spanish:literal, $other_english:literal;
    ) => {
        /// A field that a request about a client may contain, in the order of the API's response.
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

            /// Returns the minimum and maximum length in characters (Unicode scalar values).
            pub(super) const fn limits(self) -> (usize, usize) {
                match self {
                    $(Self::$field => ($min, $max),)*
                    Self::$other => (0, usize::MAX),
                }
            }

            /// Returns the name of the field as messages use it; in Spanish, with its article.
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

// The clinic's API sets these limits. It sets no limit for the avatar.
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

impl Violations {
    /// Returns the violations with messages in another language. Messages that are not about a field of a client stay
    /// as they are.
    #[must_use]
    pub fn in_language(&self, language: Language) -> Self {
        self.map(|violation| violation.in_language(language))
    }
}

impl Violation {
    /// Returns the violation with its message in another language, if it is about a field of a client.
    #[must_use]
    pub fn in_language(&self, language: Language) -> Self {
        let known = [Language::Spanish, Language::English].map(|one| message(&self.path, self.code, one));
        if known.contains(&self.message) {
            Self { message: message(&self.path, self.code, language), ..self.clone() }
        } else {
            self.clone()
        }
    }
}

pub(super) fn message(path: &str, code: ViolationCode, language: Language) -> String {
    let spanish = language == Language::Spanish;
    match (code, ClientField::named(path)) {
        (ViolationCode::NotAnObject, _) if spanish => "El cuerpo debe ser un objeto JSON".into(),
        (ViolationCode::NotAnObject, _) => "The body must be a JSON object".into(),
        (_, None) if spanish => format!("El campo `{path}` no existe"),
        (_, None) => format!("Unknown field `{path}`"),
        (_, Some(field)) if spanish => in_spanish(field, code),
        (_, Some(field)) => in_english(field, code),
    }
}

fn in_spanish(field: ClientField, code: ViolationCode) -> String {
    use ViolationCode as Code;
    let noun = field.noun(Language::Spanish);
    // In Spanish, adjectives agree with the gender of the noun.
    let o = if noun.starts_with("La ") { 'a' } else { 'o' };
    let (_, max) = field.limits();
    match code {
        Code::Email => "Email inválido".into(),
        Code::Required | Code::TooShort | Code::Blank => format!("{noun} es obligatori{o}"),
        Code::Null => format!("{noun} no puede ser nul{o}"),
        Code::Type => format!("{noun} debe ser un texto"),
        Code::OneOf => format!("{noun} debe ser {}", allowed(field, "u", "o")),
        Code::Date => format!("{noun} debe ser una fecha válida con el formato AAAA-MM-DD"),
        Code::TooLong => format!("{noun} no puede tener más de {max} caracteres"),
        Code::Character => format!("{noun} contiene un carácter no permitido"),
        Code::DocumentLetter => format!("{noun} no lleva la letra que le corresponde"),
        Code::NotUpdatable => format!("{noun} no se puede modificar"),
        Code::NotSettable => format!("{noun} no se puede indicar"),
        Code::UnknownField | Code::NotAnObject => format!("{noun} no es válid{o}"),
    }
}

fn in_english(field: ClientField, code: ViolationCode) -> String {
    use ViolationCode as Code;
    let noun = field.noun(Language::English);
    let (min, max) = field.limits();
    match code {
        Code::Email => "Invalid email format".into(),
        Code::Required | Code::Blank => format!("{noun} is required"),
        Code::TooShort => format!("{noun} must be at least {min} characters"),
        Code::Null => format!("{noun} must not be null"),
        Code::Type => format!("{noun} must be text"),
        Code::OneOf => format!("{noun} must be {}", allowed(field, "or", "or")),
        Code::Date => format!("{noun} must be a valid date in the form YYYY-MM-DD"),
        Code::TooLong => format!("{noun} must be at most {max} characters"),
        Code::Character => format!("{noun} contains a character that is not allowed"),
        Code::DocumentLetter => format!("{noun} does not have the right check letter"),
        Code::NotUpdatable => format!("{noun} cannot be changed"),
        Code::NotSettable => format!("{noun} cannot be given"),
        Code::UnknownField | Code::NotAnObject => format!("{noun} is not valid"),
    }
}

/// Renders the allowed values. Spanish uses `u` instead of `o` for "or" before an `o` sound.
fn allowed(field: ClientField, before_o: &str, or: &str) -> String {
    match field {
        ClientField::Status => format!("ON {before_o} OFF"),
        _ => format!("DNI, PASSPORT {or} NIE"),
    }
}

words! {
    /// The language of messages: Spanish or English.
    ///
    /// ```
    /// use client_lifecycle::clients::Language;
    /// assert_eq!(Language::default(), Language::English);
    /// assert_eq!(serde_json::to_string(&Language::Spanish)?, "\"es\"");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[derive(Default)]
    #[non_exhaustive]
    pub enum Language: "language" {
        /// Spanish, the language of the clinic's API.
        Spanish = "es",
        /// English, the language of the other three systems.
        #[default]
        English = "en",
    }
}
