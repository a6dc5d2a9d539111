//! The closed sets of words in an event.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// An enum whose values are spelled as words in JSON.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $value:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $value,)+ }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$value,)+];
            /// As they are spelled, in the order of `ALL`.
            pub const WORDS: &[&str] = &[$($word,)+];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word,)+ }
            }

            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$value),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = Cow::<str>::deserialize(deserializer)?;
                Self::from_word(&word).ok_or_else(|| D::Error::unknown_variant(&word, Self::WORDS))
            }
        }
    };
}

words! {
    /// What became of the payment of an order line.
    ///
    /// A `PENDING` line that is decided later comes again as `APPROVED` or `DECLINED`, under an
    /// `event_id` of its own and with the same `order_id` and `order_line`.
    Status {
        /// Paid: the amount adds to gross and to net.
        Approved = "APPROVED",
        /// Refused: adds to nothing.
        Declined = "DECLINED",
        /// Not decided yet: adds to nothing.
        Pending = "PENDING",
        /// Paid back: the amount, positive, adds to refunds and is subtracted from net.
        Refunded = "REFUNDED",
    }
}

words! {
    /// Where the sale was made.
    Channel {
        Store = "store",
        Web = "web",
        Mobile = "mobile",
        Phone = "phone",
        Marketplace = "marketplace",
    }
}

words! {
    /// What was paid with.
    PaymentMethod {
        Card = "card",
        Cash = "cash",
        BankTransfer = "bank_transfer",
        Wallet = "wallet",
        Cheque = "cheque",
        Voucher = "voucher",
        Other = "other",
    }
}

words! {
    /// The fields of an event that are read; all others are ignored.
    Field {
        EventId = "event_id",
        EventTime = "event_time",
        OrderId = "order_id",
        OrderLine = "order_line",
        CustomerId = "customer_id",
        CustomerName = "customer_name",
        ProductId = "product_id",
        ProductName = "product_name",
        Category = "category",
        Merchant = "merchant",
        Quantity = "quantity",
        UnitPrice = "unit_price",
        Amount = "amount",
        Currency = "currency",
        Country = "country",
        City = "city",
        Channel = "channel",
        PaymentMethod = "payment_method",
        Status = "status",
    }
}

impl Field {
    /// Whether an event may lack it, or give it as null.
    pub fn is_optional(self) -> bool {
        matches!(self, Self::CustomerId | Self::CustomerName)
    }
}
