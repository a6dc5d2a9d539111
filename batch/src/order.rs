//! What comes first where things need one another. Pure.

/// All things and what they need, each after what it needs and once. `Err` is a circle, whose first
/// member stands at its end again.
pub(crate) fn dependencies_first<'a, T>(
    wanted: impl IntoIterator<Item = &'a T>,
    name: impl Fn(&'a T) -> &'a str,
    needs: impl Fn(&'a T) -> Vec<&'a T>,
) -> Result<Vec<&'a T>, Vec<&'a T>> {
    let mut order = Order {
        name,
        needs,
        done: Vec::new(),
        open: Vec::new(),
    };
    for thing in wanted {
        order.visit(thing)?;
    }
    Ok(order.done)
}

struct Order<'a, T, N, D> {
    name: N,
    needs: D,
    done: Vec<&'a T>,
    /// The way to where we are.
    open: Vec<&'a T>,
}

impl<'a, T, N, D> Order<'a, T, N, D>
where
    N: Fn(&'a T) -> &'a str,
    D: Fn(&'a T) -> Vec<&'a T>,
{
    fn visit(&mut self, thing: &'a T) -> Result<(), Vec<&'a T>> {
        let name = (self.name)(thing);
        if self.done.iter().any(|done| (self.name)(done) == name) {
            return Ok(());
        }
        let start = (self.open.iter()).position(|open| (self.name)(open) == name);
        if let Some(start) = start {
            let circle = self.open[start..].iter().copied();
            return Err(circle.chain([thing]).collect());
        }
        self.open.push(thing);
        for needed in (self.needs)(thing) {
            self.visit(needed)?;
        }
        self.open.pop();
        self.done.push(thing);
        Ok(())
    }
}
