//! Parts of a view that change.

/// A part that is made anew whenever what it reads has changed. Each closure has a type of its own,
/// and with it a copy of all the code that shows one, about a kilobyte; those that are boxed share
/// it with all others that make the same.
pub(crate) fn part<T: 'static>(make: impl Fn() -> T + Send + 'static) -> Box<dyn Fn() -> T + Send> {
    Box::new(make)
}
