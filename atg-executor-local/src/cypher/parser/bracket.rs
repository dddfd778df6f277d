//! `[…]`: lists, list comprehensions and pattern comprehensions.

use super::Parser;
use crate::cypher::{
    Refusal,
    ast::{Expr, ExprKind},
    lexer::TokenKind,
};

impl Parser<'_> {
    /// `[…]`: a list, a list comprehension or a pattern comprehension.
    pub(super) fn bracket(&mut self) -> Result<ExprKind, Refusal> {
        self.expect("[")?;
        if matches!(self.peek().kind, TokenKind::Word(_) | TokenKind::Quoted(_))
            && self.ahead(1).is_word("IN")
        {
            let comprehension = self.attempt(Self::list_comprehension);
            // `[x IN list, y]` is a list of a test and a value.
            if comprehension.is_ok() || !self.is_list_of_tests() {
                return comprehension;
            }
        }
        let named = matches!(self.peek().kind, TokenKind::Word(_) | TokenKind::Quoted(_))
            && self.ahead(1).is_symbol("=");
        if (self.is("(") || (named && self.ahead(2).is_symbol("(")))
            && let Some(kind) = self.pattern_comprehension()?
        {
            return Ok(kind);
        }
        let mut items = Vec::new();
        if !self.is("]") {
            loop {
                items.push(self.expression()?);
                if !self.eat(",") {
                    break;
                }
            }
        }
        self.expect("]")?;
        Ok(ExprKind::List(items))
    }

    /// Whether the elements that follow can be read as plain expressions up to the bracket.
    fn is_list_of_tests(&mut self) -> bool {
        let (at, depth) = (self.at, self.depth);
        let fits = self.expression().is_ok() && self.is(",");
        (self.at, self.depth) = (at, depth);
        fits
    }

    fn list_comprehension(&mut self) -> Result<ExprKind, Refusal> {
        let name = self.name("a name")?;
        self.expect_word("IN")?;
        let list = Box::new(self.expression()?);
        let predicate = if self.eat_word("WHERE") {
            Some(Box::new(self.comprehension_condition()?))
        } else {
            None
        };
        let map = if self.eat("|") {
            Some(Box::new(self.expression()?))
        } else {
            None
        };
        self.expect("]")?;
        Ok(ExprKind::ListComprehension {
            name,
            list,
            predicate,
            map,
        })
    }

    /// The condition of a comprehension. In `[n IN list WHERE n:A|B | n.name]` the last bar begins the result, and so it
    /// does in `[n IN list WHERE n:A | n]`, where it could join two labels as well,
    /// unless what follows it can be labels only, as in `[n IN list WHERE n:A|!B]`.
    fn comprehension_condition(&mut self) -> Result<Expr, Refusal> {
        let (start, bars) = (self.at, self.label_bars.len());
        let greedy = self.attempt(Self::expression);
        if greedy.is_ok() && self.is("|") {
            return greedy;
        }
        let all_labels = greedy.is_ok() && self.is("]");
        let end = self.at;
        let mut candidates = self.label_bars.split_off(bars);
        candidates.sort_unstable();
        candidates.dedup();
        for bar in candidates.into_iter().rev() {
            self.at = start;
            let outer = self.map_bar.replace(bar);
            let condition = self.attempt(Self::expression);
            self.map_bar = outer;
            if condition.is_ok() && self.at == bar && (!all_labels || self.is_result()) {
                return condition;
            }
        }
        self.at = end;
        greedy
    }

    /// Whether a bar and an expression end the brackets here.
    fn is_result(&mut self) -> bool {
        let (at, depth) = (self.at, self.depth);
        let fits = self.eat("|") && self.expression().is_ok() && self.is("]");
        (self.at, self.depth) = (at, depth);
        fits
    }

    /// `None` where the brackets turn out to hold something else than a pattern with a bar.
    fn pattern_comprehension(&mut self) -> Result<Option<ExprKind>, Refusal> {
        let (at, depth) = (self.at, self.depth);
        let name = if self.ahead(1).is_symbol("=") {
            let name = self.name("a name")?;
            self.expect("=")?;
            Some(name)
        } else {
            None
        };
        let pattern = self.chain();
        let fits = matches!(&pattern, Ok(pattern) if !pattern.hops.is_empty())
            && (self.is("|") || self.is_word("WHERE"));
        if !fits {
            (self.at, self.depth) = (at, depth);
            return Ok(None);
        }
        let mut pattern = pattern?;
        pattern.name = name;
        let predicate = if self.eat_word("WHERE") {
            Some(Box::new(self.comprehension_condition()?))
        } else {
            None
        };
        self.expect("|")?;
        let map = Box::new(self.expression()?);
        self.expect("]")?;
        Ok(Some(ExprKind::PatternComprehension {
            pattern: Box::new(pattern),
            predicate,
            map,
        }))
    }
}
