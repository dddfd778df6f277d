//! Aggregates: many rows in, one value out.

use std::{cmp::Ordering, collections::HashSet};

use super::wrong;
use crate::cypher::{
    bind::types::Type,
    eval::{Fault, Outcome},
    value::{self, Value},
};

/// Which aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aggregate {
    CountRows,
    Count,
    Sum,
    Average,
    Min,
    Max,
    Collect,
    Deviation,
    DeviationOfPopulation,
    PercentileContinuous,
    PercentileDiscrete,
}

impl Aggregate {
    pub(crate) fn find(name: &str) -> Option<Self> {
        const TABLE: &[(&str, Aggregate)] = &[
            ("count", Aggregate::Count),
            ("sum", Aggregate::Sum),
            ("avg", Aggregate::Average),
            ("min", Aggregate::Min),
            ("max", Aggregate::Max),
            ("collect", Aggregate::Collect),
            ("stDev", Aggregate::Deviation),
            ("stDevP", Aggregate::DeviationOfPopulation),
            ("percentileCont", Aggregate::PercentileContinuous),
            ("percentileDisc", Aggregate::PercentileDiscrete),
        ];
        TABLE
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, aggregate)| *aggregate)
    }

    /// What its arguments may be.
    pub(crate) const fn args(self) -> &'static [Type] {
        match self {
            Self::CountRows => &[],
            Self::Count | Self::Min | Self::Max | Self::Collect => &[Type::ANY],
            Self::Sum | Self::Average => {
                const SUMMED: &[Type] = &[Type::NUMBER.or(Type::DURATION)];
                SUMMED
            }
            Self::Deviation | Self::DeviationOfPopulation => &[Type::NUMBER],
            Self::PercentileContinuous | Self::PercentileDiscrete => &[Type::NUMBER, Type::NUMBER],
        }
    }

    pub(crate) const fn result(self) -> Type {
        match self {
            Self::CountRows | Self::Count => Type::INT,
            Self::Sum | Self::PercentileContinuous | Self::PercentileDiscrete => Type::NUMBER,
            Self::Average | Self::Deviation | Self::DeviationOfPopulation => Type::FLOAT,
            Self::Min | Self::Max => Type::ANY,
            Self::Collect => Type::LIST,
        }
    }
}

/// One aggregate of one group in the making.
#[derive(Debug)]
pub(crate) struct Accumulator {
    state: State,
    /// Keys of what was seen, for `DISTINCT`.
    seen: Option<HashSet<Vec<u8>>>,
}

#[derive(Debug)]
enum State {
    Count(i64),
    Sum(Value),
    Average {
        mean: f64,
        count: u64,
    },
    Extreme {
        best: Option<Value>,
        keep: Ordering,
    },
    Collect(Vec<Value>),
    /// Welford's running variance.
    Deviation {
        count: u64,
        mean: f64,
        squares: f64,
        population: bool,
    },
    Percentile {
        numbers: Vec<Value>,
        at: Option<f64>,
        continuous: bool,
    },
}

impl Accumulator {
    pub(crate) fn new(aggregate: Aggregate, distinct: bool) -> Self {
        let state = match aggregate {
            Aggregate::CountRows | Aggregate::Count => State::Count(0),
            Aggregate::Sum => State::Sum(Value::Int(0)),
            Aggregate::Average => State::Average { mean: 0.0, count: 0 },
            Aggregate::Min => State::Extreme {
                best: None,
                keep: Ordering::Less,
            },
            Aggregate::Max => State::Extreme {
                best: None,
                keep: Ordering::Greater,
            },
            Aggregate::Collect => State::Collect(Vec::new()),
            Aggregate::Deviation | Aggregate::DeviationOfPopulation => {
                let population = aggregate == Aggregate::DeviationOfPopulation;
                State::Deviation {
                    count: 0,
                    mean: 0.0,
                    squares: 0.0,
                    population,
                }
            }
            Aggregate::PercentileContinuous | Aggregate::PercentileDiscrete => {
                let continuous = aggregate == Aggregate::PercentileContinuous;
                State::Percentile {
                    numbers: Vec::new(),
                    at: None,
                    continuous,
                }
            }
        };
        Self {
            state,
            seen: distinct.then(HashSet::new),
        }
    }

    /// Counts a row that has no argument.
    pub(crate) fn add_row(&mut self) {
        if let State::Count(count) = &mut self.state {
            *count += 1;
        }
    }

    /// Takes one value in; answers by how many bytes that grew.
    pub(crate) fn add(&mut self, value: Value, argument: Option<&Value>) -> Outcome<usize> {
        if let State::Percentile { at, .. } = &mut self.state
            && at.is_none()
        {
            *at = Some(percentile(argument)?);
        }
        if value.is_null() {
            return Ok(0);
        }
        let mut grown = 0;
        if let Some(seen) = &mut self.seen {
            let mut key = Vec::new();
            value::group_key(&value, &mut key);
            grown += key.len() + 48;
            if !seen.insert(key) {
                return Ok(0);
            }
        }
        match &mut self.state {
            State::Count(count) => *count += 1,
            State::Sum(sum) => *sum = add(sum, &value)?,
            State::Average { mean, count } => {
                *count += 1;
                *mean += (number("avg", &value)? - *mean) / *count as f64;
            }
            State::Extreme { best, keep } => {
                if best
                    .as_ref()
                    .is_none_or(|best| value::order(&value, best) == *keep)
                {
                    *best = Some(value);
                }
            }
            State::Collect(items) => {
                grown += value.weight();
                items.push(value);
            }
            State::Deviation {
                count, mean, squares, ..
            } => {
                let number = number("stDev", &value)?;
                *count += 1;
                let delta = number - *mean;
                *mean += delta / *count as f64;
                *squares += delta * (number - *mean);
            }
            State::Percentile { numbers, .. } => {
                number("percentile", &value)?;
                grown += value.weight();
                numbers.push(value);
            }
        }
        Ok(grown)
    }

    pub(crate) fn finish(self) -> Outcome<Value> {
        Ok(match self.state {
            State::Count(count) => Value::Int(count),
            State::Sum(sum) => sum,
            State::Average { count: 0, .. } => Value::Null,
            State::Average { mean, .. } => Value::Float(mean),
            State::Extreme { best, .. } => best.unwrap_or(Value::Null),
            State::Collect(items) => Value::list(items),
            State::Deviation {
                count,
                squares,
                population,
                ..
            } => {
                let divisor = if population {
                    count
                } else {
                    count.saturating_sub(1)
                };
                Value::Float(if divisor == 0 {
                    0.0
                } else {
                    (squares / divisor as f64).sqrt()
                })
            }
            State::Percentile {
                numbers,
                at,
                continuous,
            } => percentile_of(numbers, at.unwrap_or(0.0), continuous)?,
        })
    }
}

/// Integers stay integers until they no longer fit, then become floats in silence.
fn add(sum: &Value, value: &Value) -> Outcome<Value> {
    Ok(match (sum, value) {
        (Value::Int(a), Value::Int(b)) => a
            .checked_add(*b)
            .map_or(Value::Float(*a as f64 + *b as f64), Value::Int),
        (a, b) => Value::Float(number("sum", a)? + number("sum", b)?),
    })
}

fn number(function: &str, value: &Value) -> Outcome<f64> {
    match value {
        Value::Duration(_) if matches!(function, "sum" | "avg") => Err(Fault::unsupported(format!(
            "{function}() of durations is not supported: take it of their .seconds"
        ))),
        Value::Int(value) => Ok(*value as f64),
        Value::Float(value) => Ok(*value),
        other => Err(wrong(function, "numbers", other)),
    }
}

fn percentile(argument: Option<&Value>) -> Outcome<f64> {
    let at = number("percentile", argument.unwrap_or(&Value::Null))?;
    if (0.0..=1.0).contains(&at) {
        Ok(at)
    } else {
        Err(Fault::invalid("a percentile lies between 0.0 and 1.0"))
    }
}

fn percentile_of(mut numbers: Vec<Value>, at: f64, continuous: bool) -> Outcome<Value> {
    if numbers.is_empty() {
        return Ok(Value::Null);
    }
    numbers.sort_by(value::order);
    let count = numbers.len();
    if !continuous {
        let rank = (at * count as f64).ceil() as usize;
        return Ok(numbers[rank.clamp(1, count) - 1].clone());
    }
    let position = at * (count - 1) as f64;
    let (low, high) = (position.floor() as usize, position.ceil() as usize);
    if low == high {
        return Ok(numbers[low].clone());
    }
    let lower = number("percentileCont", &numbers[low])?;
    let upper = number("percentileCont", &numbers[high])?;
    Ok(Value::Float(
        lower * (high as f64 - position) + upper * (position - low as f64),
    ))
}
