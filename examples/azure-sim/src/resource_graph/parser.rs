//! Reads the part of Kusto's language that Resource Graph queries are written in.

use serde_json::{Value, json};

use super::{
    ast::{Aggregate, Expr, JoinKind, Operator, Query, Step, TextTest},
    lexer::{Kind, Word, words},
};

/// What cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) token: String,
}

/// Deeper nesting than any query has.
const DEEPEST: usize = 64;

pub(super) fn parse(text: &str) -> Result<Query, Failure> {
    let words = words(text)?;
    let mut parser = Parser {
        words: &words,
        at: 0,
        depth: 0,
    };
    let query = parser.query()?;
    parser.symbol(";");
    match parser.peek() {
        Kind::End => Ok(query),
        _ => Err(parser.failure()),
    }
}

struct Parser<'a> {
    words: &'a [Word],
    at: usize,
    depth: usize,
}

type Parsed<T> = Result<T, Failure>;

impl Parser<'_> {
    fn peek(&self) -> &Kind {
        &self.words[self.at].kind
    }

    fn failure(&self) -> Failure {
        let word = &self.words[self.at];
        let token = match &word.kind {
            Kind::Name(name) => name.clone(),
            Kind::Literal(value) => value.to_string(),
            Kind::Timespan(seconds) => format!("{seconds}s"),
            Kind::Symbol(symbol) => (*symbol).to_owned(),
            Kind::End => "<EOF>".to_owned(),
        };
        Failure {
            line: word.line,
            column: word.column,
            token,
        }
    }

    const fn step(&mut self) {
        if self.at + 1 < self.words.len() {
            self.at += 1;
        }
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        let is = matches!(self.peek(), Kind::Symbol(own) if *own == symbol);
        if is {
            self.step();
        }
        is
    }

    fn expect(&mut self, symbol: &str) -> Parsed<()> {
        if self.symbol(symbol) {
            Ok(())
        } else {
            Err(self.failure())
        }
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let is = matches!(self.peek(), Kind::Name(name) if name.eq_ignore_ascii_case(keyword));
        if is {
            self.step();
        }
        is
    }

    fn name(&mut self) -> Parsed<String> {
        let name = match self.peek() {
            Kind::Name(name) => name.clone(),
            // `["a name"]`
            Kind::Symbol("[") => {
                self.step();
                let Kind::Literal(Value::String(name)) = self.peek().clone() else {
                    return Err(self.failure());
                };
                self.step();
                self.expect("]")?;
                return Ok(name);
            }
            _ => return Err(self.failure()),
        };
        self.step();
        Ok(name)
    }

    fn query(&mut self) -> Parsed<Query> {
        self.deeper()?;
        let table = self.name()?;
        let mut steps = Vec::new();
        while self.symbol("|") {
            self.operator(&mut steps)?;
        }
        self.depth -= 1;
        Ok(Query { table, steps })
    }

    fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            Err(self.failure())
        } else {
            Ok(())
        }
    }

    fn operator(&mut self, steps: &mut Vec<Step>) -> Parsed<()> {
        let start = self.at;
        let name = self.name()?.to_lowercase();
        let step = match &*name {
            "where" | "filter" => Step::Where(self.expression()?),
            "project" => Step::Project(self.columns()?),
            "extend" => Step::Extend(self.columns()?),
            "distinct" => Step::Distinct(self.columns()?),
            "project-away" => Step::ProjectAway(self.patterns()?),
            "project-rename" => Step::ProjectRename(self.renames()?),
            "order" | "sort" => {
                if !self.keyword("by") {
                    return Err(self.failure());
                }
                Step::Order(self.keys()?)
            }
            "take" | "limit" => Step::Take(self.count()?),
            "top" => {
                let count = self.count()?;
                if !self.keyword("by") {
                    return Err(self.failure());
                }
                steps.push(Step::Order(self.keys()?));
                Step::Take(count)
            }
            "count" => Step::Count,
            "summarize" => self.summarize()?,
            "mv-expand" | "mvexpand" => {
                let (name, value) = self.column()?;
                Step::MvExpand(name, value)
            }
            "join" => self.join()?,
            "union" => {
                let mut queries = vec![self.subquery()?];
                while self.symbol(",") {
                    queries.push(self.subquery()?);
                }
                Step::Union(queries)
            }
            _ => {
                self.at = start;
                return Err(self.failure());
            }
        };
        steps.push(step);
        Ok(())
    }

    fn count(&mut self) -> Parsed<u64> {
        let count = match self.peek() {
            Kind::Literal(value) => value.as_u64(),
            _ => None,
        };
        let count = count.ok_or_else(|| self.failure())?;
        self.step();
        Ok(count)
    }

    fn columns(&mut self) -> Parsed<Vec<(String, Expr)>> {
        let mut columns = vec![self.column()?];
        while self.symbol(",") {
            columns.push(self.column()?);
        }
        Ok(columns)
    }

    /// `name`, `name = expression`, or an expression that is named after what it takes its value from.
    fn column(&mut self) -> Parsed<(String, Expr)> {
        if let Kind::Name(name) = self.peek().clone()
            && matches!(
                self.words.get(self.at + 1).map(|word| &word.kind),
                Some(Kind::Symbol("="))
            )
        {
            self.step();
            self.step();
            return Ok((name, self.expression()?));
        }
        let value = self.expression()?;
        Ok((implied_name(&value), value))
    }

    /// `properties`, `tag*`
    fn patterns(&mut self) -> Parsed<Vec<String>> {
        let mut patterns = Vec::new();
        loop {
            let mut pattern = self.name()?;
            if self.symbol("*") {
                pattern.push('*');
            }
            patterns.push(pattern);
            if !self.symbol(",") {
                return Ok(patterns);
            }
        }
    }

    fn renames(&mut self) -> Parsed<Vec<(String, String)>> {
        let mut renames = Vec::new();
        loop {
            let new = self.name()?;
            self.expect("=")?;
            renames.push((new, self.name()?));
            if !self.symbol(",") {
                return Ok(renames);
            }
        }
    }

    fn keys(&mut self) -> Parsed<Vec<(Expr, bool)>> {
        let mut keys = Vec::new();
        loop {
            let key = self.expression()?;
            let ascending = self.keyword("asc");
            let _descending = !ascending && self.keyword("desc");
            if self.keyword("nulls") {
                self.name()?;
            }
            // Kusto sorts downwards unless told.
            keys.push((key, !ascending));
            if !self.symbol(",") {
                return Ok(keys);
            }
        }
    }

    fn summarize(&mut self) -> Parsed<Step> {
        let (mut aggregates, mut by) = (Vec::new(), Vec::new());
        while !matches!(self.peek(), Kind::Name(name) if name.eq_ignore_ascii_case("by")) {
            let start = self.at;
            let (name, value) = self.column()?;
            let Some((implied, aggregate)) = aggregate(&value) else {
                self.at = start;
                return Err(self.failure());
            };
            let named = matches!(
                self.words.get(start + 1).map(|word| &word.kind),
                Some(Kind::Symbol("="))
            );
            aggregates.push((if named { name } else { implied }, aggregate));
            if !self.symbol(",") {
                break;
            }
        }
        if self.keyword("by") {
            by = self.columns()?;
        }
        Ok(Step::Summarize { aggregates, by })
    }

    fn join(&mut self) -> Parsed<Step> {
        let mut kind = JoinKind::InnerUnique;
        if self.keyword("kind") {
            self.expect("=")?;
            let start = self.at;
            kind = match &*self.name()?.to_lowercase() {
                "inner" => JoinKind::Inner,
                "innerunique" => JoinKind::InnerUnique,
                "leftouter" => JoinKind::LeftOuter,
                _ => {
                    self.at = start;
                    return Err(self.failure());
                }
            };
        }
        let right = self.subquery()?;
        if !self.keyword("on") {
            return Err(self.failure());
        }
        let mut on = Vec::new();
        loop {
            on.push(self.join_key()?);
            if !self.symbol(",") {
                break;
            }
        }
        Ok(Step::Join { kind, right, on })
    }

    /// `name`, or `$left.a == $right.b`
    fn join_key(&mut self) -> Parsed<(String, String)> {
        if !self.symbol("$") {
            let name = self.name()?;
            return Ok((name.clone(), name));
        }
        self.name()?;
        self.expect(".")?;
        let left = self.name()?;
        self.expect("==")?;
        self.expect("$")?;
        self.name()?;
        self.expect(".")?;
        Ok((left, self.name()?))
    }

    fn subquery(&mut self) -> Parsed<Query> {
        if self.symbol("(") {
            let query = self.query()?;
            self.expect(")")?;
            return Ok(query);
        }
        let table = self.name()?;
        Ok(Query {
            table,
            steps: Vec::new(),
        })
    }

    fn expression(&mut self) -> Parsed<Expr> {
        self.deeper()?;
        let mut left = self.conjunction()?;
        while self.keyword("or") {
            left = binary(Operator::Or, left, self.conjunction()?);
        }
        self.depth -= 1;
        Ok(left)
    }

    fn conjunction(&mut self) -> Parsed<Expr> {
        let mut left = self.comparison()?;
        while self.keyword("and") {
            left = binary(Operator::And, left, self.comparison()?);
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let left = self.sum()?;
        let word = match self.peek() {
            Kind::Symbol(symbol) => (*symbol).to_owned(),
            Kind::Name(name) => name.to_lowercase(),
            _ => return Ok(left),
        };
        let operator = match &*word {
            "==" => Operator::Equal,
            "!=" => Operator::NotEqual,
            "=~" => Operator::Like,
            "!~" => Operator::NotLike,
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            "contains" => Operator::Text(TextTest::Contains),
            "contains_cs" => Operator::Text(TextTest::ContainsExact),
            "startswith" => Operator::Text(TextTest::StartsWith),
            "endswith" => Operator::Text(TextTest::EndsWith),
            "has" => Operator::Text(TextTest::Has),
            "!contains" => Operator::NotText(TextTest::Contains),
            "!contains_cs" => Operator::NotText(TextTest::ContainsExact),
            "!startswith" => Operator::NotText(TextTest::StartsWith),
            "!endswith" => Operator::NotText(TextTest::EndsWith),
            "!has" => Operator::NotText(TextTest::Has),
            "in" | "in~" | "!in" | "!in~" => {
                self.step();
                self.expect("(")?;
                let list = self.list(")")?;
                return Ok(Expr::In {
                    value: Box::new(left),
                    list,
                    exact: !word.ends_with('~'),
                    negated: word.starts_with('!'),
                });
            }
            "between" => {
                self.step();
                self.expect("(")?;
                let low = self.sum()?;
                self.expect("..")?;
                let high = self.sum()?;
                self.expect(")")?;
                return Ok(Expr::Between(Box::new(left), Box::new(low), Box::new(high)));
            }
            _ => return Ok(left),
        };
        self.step();
        Ok(binary(operator, left, self.sum()?))
    }

    fn sum(&mut self) -> Parsed<Expr> {
        let mut left = self.product()?;
        loop {
            let operator = if self.symbol("+") {
                Operator::Add
            } else if self.symbol("-") {
                Operator::Subtract
            } else {
                return Ok(left);
            };
            left = binary(operator, left, self.product()?);
        }
    }

    fn product(&mut self) -> Parsed<Expr> {
        let mut left = self.postfix()?;
        loop {
            let operator = if self.symbol("*") {
                Operator::Multiply
            } else if self.symbol("/") {
                Operator::Divide
            } else if self.symbol("%") {
                Operator::Remainder
            } else {
                return Ok(left);
            };
            left = binary(operator, left, self.postfix()?);
        }
    }

    fn postfix(&mut self) -> Parsed<Expr> {
        let mut value = self.primary()?;
        loop {
            if self.symbol(".") {
                value = Expr::Member(Box::new(value), self.name()?);
            } else if self.symbol("[") {
                let at = self.expression()?;
                self.expect("]")?;
                value = Expr::Index(Box::new(value), Box::new(at));
            } else {
                return Ok(value);
            }
        }
    }

    fn primary(&mut self) -> Parsed<Expr> {
        match self.peek().clone() {
            Kind::Literal(value) => {
                self.step();
                Ok(Expr::Literal(value))
            }
            Kind::Timespan(seconds) => {
                self.step();
                Ok(Expr::Literal(json!(seconds)))
            }
            Kind::Symbol("(") => {
                self.step();
                let inner = self.expression()?;
                self.expect(")")?;
                Ok(inner)
            }
            Kind::Symbol("-") => {
                self.step();
                Ok(binary(
                    Operator::Subtract,
                    Expr::Literal(json!(0)),
                    self.postfix()?,
                ))
            }
            Kind::Symbol("[") => Ok(Expr::Column(self.name()?)),
            Kind::Name(name) => {
                self.step();
                match &*name.to_lowercase() {
                    "true" => return Ok(Expr::Literal(json!(true))),
                    "false" => return Ok(Expr::Literal(json!(false))),
                    "null" => return Ok(Expr::Literal(Value::Null)),
                    "dynamic" if matches!(self.peek(), Kind::Symbol("(")) => return self.dynamic(),
                    _ => {}
                }
                if self.symbol("(") {
                    return Ok(Expr::Call(name.to_lowercase(), self.list(")")?));
                }
                Ok(Expr::Column(name))
            }
            _ => Err(self.failure()),
        }
    }

    fn list(&mut self, end: &str) -> Parsed<Vec<Expr>> {
        let mut items = Vec::new();
        if self.symbol(end) {
            return Ok(items);
        }
        loop {
            items.push(self.expression()?);
            if self.symbol(end) {
                return Ok(items);
            }
            self.expect(",")?;
        }
    }

    /// `dynamic(['a', 'b'])`
    fn dynamic(&mut self) -> Parsed<Expr> {
        self.expect("(")?;
        let value = if self.symbol("[") {
            Expr::Call("pack_array".to_owned(), self.list("]")?)
        } else {
            self.primary()?
        };
        self.expect(")")?;
        Ok(value)
    }
}

fn binary(operator: Operator, left: Expr, right: Expr) -> Expr {
    Expr::Binary(operator, Box::new(left), Box::new(right))
}

/// `properties.sku.name` is called `properties_sku_name`; a function after its argument.
fn implied_name(value: &Expr) -> String {
    match value {
        Expr::Column(name) => name.clone(),
        Expr::Member(of, name) => format!("{}_{name}", implied_name(of)),
        Expr::Index(of, _) => implied_name(of),
        Expr::Call(_, arguments) => arguments
            .first()
            .map_or_else(|| "Column1".to_owned(), implied_name),
        _ => "Column1".to_owned(),
    }
}

fn aggregate(value: &Expr) -> Option<(String, Aggregate)> {
    let Expr::Call(name, arguments) = value else {
        return None;
    };
    let first = || arguments.first().cloned();
    let aggregate = match &**name {
        "count" => Aggregate::Count,
        "countif" => Aggregate::CountIf(first()?),
        "dcount" | "count_distinct" => Aggregate::CountDistinct(first()?),
        "sum" => Aggregate::Sum(first()?),
        "min" => Aggregate::Min(first()?),
        "max" => Aggregate::Max(first()?),
        "avg" => Aggregate::Avg(first()?),
        "make_list" | "makelist" => Aggregate::List(first()?),
        "make_set" | "makeset" => Aggregate::Set(first()?),
        "any" | "take_any" => Aggregate::Any(first()?),
        _ => return None,
    };
    let implied = match name.as_str() {
        "count" | "countif" => format!("{name}_"),
        "make_list" | "makelist" => format!("list_{}", implied_name(&first()?)),
        "make_set" | "makeset" => format!("set_{}", implied_name(&first()?)),
        _ => format!("{name}_{}", implied_name(&first()?)),
    };
    Some((implied, aggregate))
}
