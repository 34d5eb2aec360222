//! Pages of a long list, by key and not by number (Relay cursor connections): what a page costs
//! does not depend on how deep it lies.

use crate::refusal::{Code, Refusal};
use sea_orm::sea_query::Order;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Value};

/// Items on a page, if nothing is said.
pub const SIZE: u64 = 20;
/// Items on a page at most.
pub const SIZE_MAX: u64 = 100;

/// Which part of a list: the first so many after a key, or the last so many before one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<K> {
    size: u64,
    backwards: bool,
    /// Only what comes after this key.
    pub after: Option<K>,
    /// Only what comes before this key.
    pub before: Option<K>,
}

impl<K> Page<K> {
    /// Reads the four arguments of a Relay connection.
    ///
    /// # Errors
    /// `PAGE_SIZE`.
    pub fn parse(
        first: Option<i32>,
        last: Option<i32>,
        after: Option<K>,
        before: Option<K>,
    ) -> Result<Self, Refusal> {
        let (size, backwards, field) = match (first, last) {
            (Some(size), None) => (u64::try_from(size), false, "first"),
            (None, Some(size)) => (u64::try_from(size), true, "last"),
            (None, None) => (Ok(SIZE), false, "first"),
            (Some(_), Some(_)) => return Err(Code::PageSize.at("last")),
        };
        match size {
            Ok(size @ 1..=SIZE_MAX) => Ok(Self { size, backwards, after, before }),
            Ok(_) | Err(_) => Err(Code::PageSize.at(field)),
        }
    }

    /// Whether it is read from the end.
    pub fn backwards(&self) -> bool {
        self.backwards
    }

    /// Rows to read: one more than the page holds tells whether there is another page.
    pub fn fetch(&self) -> u64 {
        self.size.saturating_add(1)
    }

    /// The rows of the page in a list that rises by a column, in reading order.
    pub(crate) fn rising<E: EntityTrait>(&self, query: Select<E>, key: E::Column) -> Select<E>
    where
        K: Copy + Into<Value>,
    {
        let query = query.limit(self.fetch());
        let query = self.after.iter().fold(query, |query, after| query.filter(key.gt(*after)));
        let query = self.before.iter().fold(query, |query, before| query.filter(key.lt(*before)));
        query.order_by(key, if self.backwards { Order::Desc } else { Order::Asc })
    }

    /// The same in a list that falls.
    pub(crate) fn falling<E: EntityTrait>(&self, query: Select<E>, key: E::Column) -> Select<E>
    where
        K: Copy + Into<Value>,
    {
        let query = query.limit(self.fetch());
        let query = self.after.iter().fold(query, |query, after| query.filter(key.lt(*after)));
        let query = self.before.iter().fold(query, |query, before| query.filter(key.gt(*before)));
        query.order_by(key, if self.backwards { Order::Asc } else { Order::Desc })
    }

    /// Cuts what was read, in reading order, to the page, in list order.
    ///
    /// # Errors
    /// Never on 64-bit machines.
    pub fn slice<T>(&self, mut items: Vec<T>) -> Result<Slice<T>, Refusal> {
        let size = usize::try_from(self.size).map_err(|_| Code::PageSize)?;
        let more = items.len() > size;
        items.truncate(size);
        if self.backwards {
            items.reverse();
        }
        Ok(if self.backwards {
            Slice { items, has_previous: more, has_next: self.before.is_some() }
        } else {
            Slice { items, has_previous: self.after.is_some(), has_next: more }
        })
    }
}

/// A page that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice<T> {
    /// What is on it, in list order.
    pub items: Vec<T>,
    /// Whether there may be a page before it.
    pub has_previous: bool,
    /// Whether there is a page after it.
    pub has_next: bool,
}

impl<T> Slice<T> {
    /// The same page of something else.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Slice<U> {
        let items = self.items.into_iter().map(convert).collect();
        Slice { items, has_previous: self.has_previous, has_next: self.has_next }
    }

    /// The same page of something else, if all of it can be had.
    ///
    /// # Errors
    /// Those of the conversion.
    pub fn try_map<U, E>(self, convert: impl FnMut(T) -> Result<U, E>) -> Result<Slice<U>, E> {
        let items = self.items.into_iter().map(convert).collect::<Result<_, _>>()?;
        Ok(Slice { items, has_previous: self.has_previous, has_next: self.has_next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_out_of_range_are_refused() {
        for (first, last) in
            [(Some(0), None), (Some(101), None), (Some(-1), None), (None, Some(0)), (Some(1), Some(1))]
        {
            assert_eq!(Page::<u8>::parse(first, last, None, None).unwrap_err().code, Code::PageSize);
        }
        assert_eq!(Page::<u8>::parse(None, None, None, None).unwrap().fetch(), 21);
    }

    #[test]
    fn one_more_than_fits_tells_of_another_page() {
        let page = Page::<u8>::parse(Some(2), None, None, None).unwrap();
        let slice = page.slice(vec![9, 8, 7]).unwrap();
        assert_eq!((slice.items, slice.has_next, slice.has_previous), (vec![9, 8], true, false));
        let page = Page::parse(None, Some(2), None, Some(7)).unwrap();
        let slice = page.slice(vec![8, 9, 10]).unwrap();
        assert_eq!((slice.items, slice.has_next, slice.has_previous), (vec![9, 8], true, true));
    }
}
