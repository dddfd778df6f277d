//! A query that our own compiler understands, written out anew for the server.
//!
//! Nothing of the text that somebody sent is sent on: what the parser read is spelled out with every name quoted, so what was
//! checked is what is asked. On the way the store's own labels, properties and nodes are left out, and where the caller is
//! bound to tenants, every node that is matched (inner nodes of paths included) has to be one of theirs.

use crate::cypher::ast::{
    Binary, Clause, Comparison, Direction, Expr, ExprKind, Item, LabelExpr, MapItem, Match, NodePattern,
    Pattern, Projection, Quantifier, Query, RelationshipPattern, Shortest, SingleQuery, SubqueryKind, Unary,
};

/// The parameter with the tenants that may be seen.
pub(super) const TENANTS: &str = "_atg_tenants";

/// Writes a query out. `text` is what it was read from: columns without a name are called as they were written.
pub(super) fn emit(text: &str, query: &Query, bound: bool) -> String {
    // Names of our own must not be anybody else's.
    let mut prefix = "_atg".to_owned();
    while text.contains(&prefix) {
        prefix.push('_');
    }
    let mut writer = Writer {
        text,
        bound,
        out: String::with_capacity(text.len() * 2),
        prefix,
        fresh: 0,
    };
    writer.query(query, &Vec::new());
    writer.out
}

/// Names that a clause sees, in their order, as `*` lists them.
type Names = Vec<String>;

struct Writer<'a> {
    text: &'a str,
    bound: bool,
    out: String,
    prefix: String,
    fresh: u32,
}

fn add(names: &mut Names, name: &str) {
    if let Err(at) = names.binary_search_by(|other| other.as_str().cmp(name)) {
        names.insert(at, name.to_owned());
    }
}

impl Writer<'_> {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// A name in back-ticks.
    fn name(&mut self, name: &str) {
        self.out.push('`');
        self.out.push_str(&name.replace('`', "``"));
        self.out.push('`');
    }

    fn fresh(&mut self) -> String {
        self.fresh += 1;
        format!("{}{}", self.prefix, self.fresh)
    }

    fn query(&mut self, query: &Query, outer: &Names) {
        self.single(&query.first, outer);
        for union in &query.unions {
            self.put(if union.all { " UNION ALL " } else { " UNION " });
            self.single(&union.query, outer);
        }
    }

    fn single(&mut self, query: &SingleQuery, outer: &Names) {
        let mut names = outer.clone();
        for (index, clause) in query.clauses.iter().enumerate() {
            if index > 0 {
                self.put(" ");
            }
            match clause {
                Clause::Match(clause) => self.match_clause(clause, &mut names),
                Clause::Unwind { list, name } => {
                    self.put("UNWIND ");
                    self.expr(list, &names);
                    self.put(" AS ");
                    self.name(&name.text);
                    add(&mut names, &name.text);
                }
                Clause::With(projection) => {
                    self.put("WITH ");
                    names = self.projection(projection, &names, outer);
                }
                Clause::Return(projection) => {
                    self.put("RETURN ");
                    self.projection(projection, &names, outer);
                }
            }
        }
    }

    /// Gives the names that are seen afterwards.
    fn projection(&mut self, projection: &Projection, names: &Names, outer: &Names) -> Names {
        if projection.distinct {
            self.put("DISTINCT ");
        }
        let mut after = outer.clone();
        let mut first = true;
        if projection.star {
            for name in names {
                self.separate(&mut first);
                self.name(name);
                self.put(" AS ");
                self.name(name);
                add(&mut after, name);
            }
            if names.is_empty() && projection.items.is_empty() {
                self.put("*");
            }
        }
        for item in &projection.items {
            self.separate(&mut first);
            let column = self.item(item, names);
            add(&mut after, &column);
        }
        let both: Names = {
            let mut both = names.clone();
            after.iter().for_each(|name| add(&mut both, name));
            both
        };
        for (index, sort) in projection.order.iter().enumerate() {
            self.put(if index == 0 { " ORDER BY " } else { ", " });
            self.expr(&sort.expr, &both);
            if sort.descending {
                self.put(" DESC");
            }
        }
        for (word, limit) in [(" SKIP ", &projection.skip), (" LIMIT ", &projection.limit)] {
            if let Some(limit) = limit {
                self.put(word);
                self.expr(limit, &both);
            }
        }
        if let Some(predicate) = &projection.predicate {
            self.put(" WHERE ");
            self.expr(predicate, &both);
        }
        after
    }

    fn separate(&mut self, first: &mut bool) {
        if !*first {
            self.put(", ");
        }
        *first = false;
    }

    fn item(&mut self, item: &Item, names: &Names) -> String {
        let column = item.column(self.text).text;
        self.expr(&item.expr, names);
        self.put(" AS ");
        self.name(&column);
        column
    }

    fn match_clause(&mut self, clause: &Match, names: &mut Names) {
        self.put(if clause.optional {
            "OPTIONAL MATCH "
        } else {
            "MATCH "
        });
        // A condition may use any name of the clause.
        let before = names.clone();
        for pattern in &clause.patterns {
            declare(pattern, names);
        }
        let filtered = clause.predicate.is_some();
        let mut conditions = Vec::new();
        for (index, pattern) in clause.patterns.iter().enumerate() {
            if index > 0 {
                self.put(", ");
            }
            self.pattern(pattern, names, &before, filtered, &mut conditions);
        }
        self.conditions(&conditions, clause.predicate.as_ref(), names);
    }

    fn conditions(&mut self, conditions: &[String], predicate: Option<&Expr>, names: &Names) {
        if conditions.is_empty() && predicate.is_none() {
            return;
        }
        self.put(" WHERE ");
        self.put(&conditions.join(" AND "));
        if let Some(predicate) = predicate {
            if !conditions.is_empty() {
                self.put(" AND ");
            }
            self.part(predicate, names);
        }
    }

    /// Writes a pattern, and adds what has to hold for it to be seen.
    fn pattern(
        &mut self,
        pattern: &Pattern,
        names: &Names,
        before: &Names,
        filtered: bool,
        conditions: &mut Vec<String>,
    ) {
        if let Some(name) = &pattern.name {
            self.name(&name.text);
            self.put(" = ");
        }
        self.put(match pattern.shortest {
            None => "",
            Some(Shortest::One) => "shortestPath(",
            Some(Shortest::All) => "allShortestPaths(",
        });
        let alone = pattern.hops.is_empty();
        self.node(&pattern.start, names, before, alone, filtered, conditions);
        for (relationship, node) in &pattern.hops {
            self.relationship(relationship, names, conditions);
            self.node(node, names, before, false, filtered, conditions);
        }
        if pattern.shortest.is_some() {
            self.put(")");
        }
    }

    fn node(
        &mut self,
        node: &NodePattern,
        names: &Names,
        before: &Names,
        alone: bool,
        filtered: bool,
        conditions: &mut Vec<String>,
    ) {
        // No relationship leads to the store's own nodes, and no label that is asked for is theirs.
        let may_be_own = alone && node.labels.as_ref().is_none_or(|labels| !requires_name(labels));
        // With the label, the server finds the index that belongs to it.
        let searched = node.properties.is_some() || filtered;
        let given = node.name.as_ref().map(|name| name.text.clone());
        let known = given.as_ref().is_some_and(|name| before.contains(name));
        let confined = self.bound;
        let name = if given.is_some() || confined || may_be_own {
            Some(given.unwrap_or_else(|| self.fresh()))
        } else {
            None
        };
        self.put("(");
        if let Some(name) = &name {
            self.name(name);
        }
        if let Some(labels) = &node.labels {
            self.put(":");
            self.labels(labels);
        }
        if let Some(properties) = &node.properties {
            self.put(" ");
            self.expr(properties, names);
        }
        if let Some(predicate) = &node.predicate {
            self.put(" WHERE ");
            self.expr(predicate, names);
        }
        self.put(")");
        if let Some(name) = &name {
            let quoted = format!("`{}`", name.replace('`', "``"));
            if (may_be_own || searched || confined) && !known {
                conditions.push(format!("{quoted}:`_Node`"));
            }
            if confined {
                conditions.push(format!("{quoted}.`tenant_id` IN ${TENANTS}"));
            }
        }
    }

    fn relationship(
        &mut self,
        relationship: &RelationshipPattern,
        names: &Names,
        conditions: &mut Vec<String>,
    ) {
        let along = self.bound && relationship.length.is_some();
        let given = relationship.name.as_ref().map(|name| name.text.clone());
        let name = if along {
            Some(given.unwrap_or_else(|| self.fresh()))
        } else {
            given
        };
        self.put(if relationship.direction == Direction::Left {
            "<-["
        } else {
            "-["
        });
        if let Some(name) = &name {
            self.name(name);
        }
        if let Some(types) = &relationship.types {
            self.put(":");
            self.labels(types);
        }
        if let Some(length) = relationship.length {
            self.put(&format!("*{}..", length.min));
            if let Some(max) = length.max {
                self.put(&max.to_string());
            }
        }
        if let Some(properties) = &relationship.properties {
            self.put(" ");
            self.expr(properties, names);
        }
        if let Some(predicate) = &relationship.predicate {
            self.put(" WHERE ");
            self.expr(predicate, names);
        }
        self.put(if relationship.direction == Direction::Right {
            "]->"
        } else {
            "]-"
        });
        if along && let Some(name) = &name {
            let (quoted, step) = (format!("`{}`", name.replace('`', "``")), self.fresh());
            conditions.push(format!(
                "all({step} IN {quoted} WHERE startNode({step}).`tenant_id` IN ${TENANTS} AND \
                 endNode({step}).`tenant_id` IN ${TENANTS})"
            ));
        }
    }

    fn labels(&mut self, labels: &LabelExpr) {
        match labels {
            LabelExpr::Name(name) => self.name(&name.text),
            LabelExpr::Any => self.put("%"),
            LabelExpr::Not(inner) => {
                self.put("!");
                self.label_part(inner);
            }
            LabelExpr::And(a, b) => {
                self.label_part(a);
                self.put("&");
                self.label_part(b);
            }
            LabelExpr::Or(a, b) if labels.is_choice() => {
                // Without brackets, as paths of any length want it.
                self.labels(a);
                self.put("|");
                self.labels(b);
            }
            LabelExpr::Or(a, b) => {
                self.label_part(a);
                self.put("|");
                self.label_part(b);
            }
        }
    }

    fn label_part(&mut self, labels: &LabelExpr) {
        if matches!(labels, LabelExpr::Name(_) | LabelExpr::Any) {
            self.labels(labels);
        } else {
            self.put("(");
            self.labels(labels);
            self.put(")");
        }
    }

    /// An expression that may stand anywhere.
    fn part(&mut self, expr: &Expr, names: &Names) {
        let closed = match &expr.kind {
            ExprKind::Int(number) => *number >= 0,
            ExprKind::Float(number) => number.is_sign_positive(),
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Text(_)
            | ExprKind::Parameter(_)
            | ExprKind::Variable(_)
            | ExprKind::List(_)
            | ExprKind::Map(_)
            | ExprKind::Property(..)
            | ExprKind::Index(..)
            | ExprKind::Slice(..)
            | ExprKind::Call { .. }
            | ExprKind::CountStar
            | ExprKind::ListComprehension { .. }
            | ExprKind::Reduce { .. }
            | ExprKind::Quantified { .. }
            | ExprKind::PatternComprehension { .. } => true,
            _ => false,
        };
        if closed {
            self.expr(expr, names);
        } else {
            self.put("(");
            self.expr(expr, names);
            self.put(")");
        }
    }

    fn parts<'e>(&mut self, parts: impl IntoIterator<Item = &'e Expr>, names: &Names) {
        let mut first = true;
        for part in parts {
            self.separate(&mut first);
            self.expr(part, names);
        }
    }

    fn expr(&mut self, expr: &Expr, names: &Names) {
        match &expr.kind {
            ExprKind::Null => self.put("null"),
            ExprKind::Bool(value) => self.put(if *value { "true" } else { "false" }),
            ExprKind::Int(number) => self.put(&number.to_string()),
            ExprKind::Float(number) => self.put(&format!("{number:?}")),
            ExprKind::Text(text) => self.text(text),
            ExprKind::Parameter(name) => {
                self.put("$");
                self.name(name);
            }
            ExprKind::Variable(name) => self.name(name),
            ExprKind::List(items) => {
                self.put("[");
                self.parts(items, names);
                self.put("]");
            }
            ExprKind::Map(entries) => {
                self.put("{");
                let mut first = true;
                for (key, value) in entries {
                    self.separate(&mut first);
                    self.name(&key.text);
                    self.put(": ");
                    self.expr(value, names);
                }
                self.put("}");
            }
            ExprKind::Property(of, name) => {
                self.part(of, names);
                self.put(".");
                self.name(&name.text);
            }
            ExprKind::Index(of, at) => {
                self.part(of, names);
                self.put("[");
                self.expr(at, names);
                self.put("]");
            }
            ExprKind::Slice(of, from, to) => {
                self.part(of, names);
                self.put("[");
                from.iter().for_each(|from| self.expr(from, names));
                self.put("..");
                to.iter().for_each(|to| self.expr(to, names));
                self.put("]");
            }
            ExprKind::Unary(operator, of) => self.unary(*operator, of, names),
            ExprKind::Binary(operator, a, b) => {
                self.part(a, names);
                self.put(binary(*operator));
                self.part(b, names);
            }
            ExprKind::Comparison(first, rest) => {
                self.part(first, names);
                for (operator, other) in rest {
                    self.put(comparison(*operator));
                    self.part(other, names);
                }
            }
            // In brackets, or the `|` of labels could be that of a comprehension.
            ExprKind::HasLabels(of, labels) => {
                self.put("(");
                self.part(of, names);
                self.put(":");
                self.labels(labels);
                self.put(")");
            }
            ExprKind::Call { name, distinct, args } => self.call(&name.text, *distinct, args, names),
            ExprKind::CountStar => self.put("count(*)"),
            ExprKind::Case {
                subject,
                branches,
                otherwise,
            } => {
                self.put("CASE");
                if let Some(subject) = subject {
                    self.put(" ");
                    self.part(subject, names);
                }
                for (when, then) in branches {
                    self.put(" WHEN ");
                    self.part(when, names);
                    self.put(" THEN ");
                    self.part(then, names);
                }
                if let Some(otherwise) = otherwise {
                    self.put(" ELSE ");
                    self.part(otherwise, names);
                }
                self.put(" END");
            }
            ExprKind::ListComprehension {
                name,
                list,
                predicate,
                map,
            } => {
                let inner = with(names, &name.text);
                self.put("[");
                self.each(&name.text, list, names);
                if let Some(predicate) = predicate {
                    self.put(" WHERE ");
                    self.expr(predicate, &inner);
                }
                if let Some(map) = map {
                    self.put(" | ");
                    self.expr(map, &inner);
                }
                self.put("]");
            }
            ExprKind::Reduce {
                accumulator,
                start,
                name,
                list,
                step,
            } => {
                self.put("reduce(");
                self.name(&accumulator.text);
                self.put(" = ");
                self.expr(start, names);
                self.put(", ");
                self.each(&name.text, list, names);
                self.put(" | ");
                self.expr(step, &with(&with(names, &accumulator.text), &name.text));
                self.put(")");
            }
            ExprKind::Quantified {
                quantifier,
                name,
                list,
                predicate,
            } => {
                self.put(match quantifier {
                    Quantifier::All => "all(",
                    Quantifier::Any => "any(",
                    Quantifier::None => "none(",
                    Quantifier::Single => "single(",
                });
                self.each(&name.text, list, names);
                self.put(" WHERE ");
                self.expr(predicate, &with(names, &name.text));
                self.put(")");
            }
            ExprKind::PatternComprehension {
                pattern,
                predicate,
                map,
            } => {
                let mut inner = names.clone();
                declare(pattern, &mut inner);
                let mut conditions = Vec::new();
                self.put("[");
                self.pattern(pattern, &inner, names, predicate.is_some(), &mut conditions);
                self.conditions(&conditions, predicate.as_deref(), &inner);
                self.put(" | ");
                self.expr(map, &inner);
                self.put("]");
            }
            ExprKind::PatternPredicate(pattern) | ExprKind::ExistsPattern(pattern) => {
                let mut conditions = Vec::new();
                self.put("EXISTS { MATCH ");
                self.pattern(pattern, names, names, false, &mut conditions);
                self.conditions(&conditions, None, names);
                self.put(" }");
            }
            ExprKind::MapProjection { name, items } => self.map_projection(&name.text, items, names),
            ExprKind::Subquery(kind, query) => {
                self.put(match kind {
                    SubqueryKind::Exists => "EXISTS { ",
                    SubqueryKind::Count => "COUNT { ",
                    SubqueryKind::Collect => "COLLECT { ",
                });
                self.query(query, names);
                self.put(" }");
            }
        }
    }

    fn each(&mut self, name: &str, list: &Expr, names: &Names) {
        self.name(name);
        self.put(" IN ");
        self.expr(list, names);
    }

    fn unary(&mut self, operator: Unary, of: &Expr, names: &Names) {
        match operator {
            Unary::Not => {
                self.put("NOT ");
                self.part(of, names);
            }
            Unary::Minus | Unary::Plus => {
                // In brackets: a literal with a sign is another thing than a sign before a literal.
                self.put(if operator == Unary::Minus { "-(" } else { "+(" });
                self.expr(of, names);
                self.put(")");
            }
            Unary::IsNull | Unary::IsNotNull => {
                self.part(of, names);
                self.put(if operator == Unary::IsNull {
                    " IS NULL"
                } else {
                    " IS NOT NULL"
                });
            }
        }
    }

    /// Functions are known by their names; two of them would show what is the store's own.
    fn call(&mut self, name: &str, distinct: bool, args: &[Expr], names: &Names) {
        let own = match name.to_ascii_lowercase().as_str() {
            "labels" => Some(" <> '_Node'"),
            "keys" => Some(""),
            _ => None,
        };
        if let Some(test) = own {
            let each = self.fresh();
            self.put(&format!("[{each} IN {name}("));
            self.parts(args, names);
            self.put(&if test.is_empty() {
                format!(") WHERE NOT {each} STARTS WITH '_atg']")
            } else {
                format!(") WHERE {each}{test}]")
            });
            return;
        }
        self.put(name);
        self.put("(");
        if distinct {
            self.put("DISTINCT ");
        }
        self.parts(args, names);
        self.put(")");
    }

    fn map_projection(&mut self, name: &str, items: &[MapItem], names: &Names) {
        self.name(name);
        self.put(" {");
        let mut first = true;
        for item in items {
            self.separate(&mut first);
            match item {
                MapItem::All => self.put(".*"),
                MapItem::Property(property) => {
                    self.put(".");
                    self.name(&property.text);
                }
                MapItem::Entry(key, value) => {
                    self.name(&key.text);
                    self.put(": ");
                    self.expr(value, names);
                }
                MapItem::Variable(variable) => self.name(&variable.text),
            }
        }
        self.put("}");
    }

    /// A text in quotes.
    fn text(&mut self, text: &str) {
        self.out.push('\'');
        for c in text.chars() {
            match c {
                '\\' => self.out.push_str("\\\\"),
                '\'' => self.out.push_str("\\'"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                other => self.out.push(other),
            }
        }
        self.out.push('\'');
    }
}

/// The names that a pattern brings.
fn declare(pattern: &Pattern, names: &mut Names) {
    let nodes = std::iter::once(&pattern.start).chain(pattern.hops.iter().map(|(_, node)| node));
    let named = nodes
        .filter_map(|node| node.name.as_ref())
        .chain(pattern.hops.iter().filter_map(|(hop, _)| hop.name.as_ref()))
        .chain(&pattern.name);
    for name in named {
        add(names, &name.text);
    }
}

fn with(names: &Names, name: &str) -> Names {
    let mut names = names.clone();
    add(&mut names, name);
    names
}

/// Whether only nodes with one of some labels fit.
fn requires_name(labels: &LabelExpr) -> bool {
    match labels {
        LabelExpr::Name(_) => true,
        LabelExpr::Any | LabelExpr::Not(_) => false,
        LabelExpr::And(a, b) => requires_name(a) || requires_name(b),
        LabelExpr::Or(a, b) => requires_name(a) && requires_name(b),
    }
}

fn binary(operator: Binary) -> &'static str {
    match operator {
        Binary::Or => " OR ",
        Binary::Xor => " XOR ",
        Binary::And => " AND ",
        Binary::Add => " + ",
        Binary::Subtract => " - ",
        Binary::Multiply => " * ",
        Binary::Divide => " / ",
        Binary::Modulo => " % ",
        Binary::Power => " ^ ",
        Binary::Concatenate => " || ",
        Binary::In => " IN ",
        Binary::StartsWith => " STARTS WITH ",
        Binary::EndsWith => " ENDS WITH ",
        Binary::Contains => " CONTAINS ",
        Binary::Matches => " =~ ",
    }
}

fn comparison(operator: Comparison) -> &'static str {
    match operator {
        Comparison::Equal => " = ",
        Comparison::NotEqual => " <> ",
        Comparison::Less => " < ",
        Comparison::LessOrEqual => " <= ",
        Comparison::Greater => " > ",
        Comparison::GreaterOrEqual => " >= ",
    }
}
