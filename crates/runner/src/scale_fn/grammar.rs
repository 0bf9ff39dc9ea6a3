//! How an expression is written: operators with their precedence, numbers, names and calls. What names mean is for `formula`.

use winnow::combinator::{Infix, Prefix, alt, cut_err, dispatch, expression, fail, opt, preceded, terminated};
use winnow::error::{ContextError, ErrMode};
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Stateful};
use winnow::token::{any, literal, one_of, take_while};

use super::function::{floor_divide, floor_mod};

/// Parentheses, signs and powers inside one another that are read: nobody writes more by hand, and the parser calls itself for
/// each of them.
pub(super) const DEEPEST: usize = 100;

/// An expression as it was read.
#[derive(Debug)]
pub(super) enum Syntax<'t> {
    /// Digits, with a point and an exponent if they were there.
    Number(Word<'t>),
    /// A variable or a constant.
    Name(Word<'t>),
    /// A function of what stands in its parentheses.
    Call(Word<'t>, Vec<Syntax<'t>>),
    /// A negative sign.
    Minus(Box<Syntax<'t>>),
    /// Two operands.
    Binary(fn(f64, f64) -> f64, Box<[Syntax<'t>; 2]>),
}

/// A piece of the text and the byte at which it starts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
}

/// Where a text is no expression any more, in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Misread {
    At(usize),
    TooDeep(usize),
}

/// The text, and how deep the place being read is in it.
type Input<'t> = Stateful<LocatingSlice<&'t str>, usize>;
type Refused = ErrMode<ContextError>;

// What binds tighter has the larger number. The gaps leave room for the one more or less that an operator's side may be.
const SUM: i64 = 10;
const PRODUCT: i64 = 20;
const SIGN: i64 = 30;
const POWER: i64 = 40;

/// Reads the whole text.
///
/// # Errors
/// Where it is no expression any more.
pub(super) fn parse(text: &str) -> Result<Syntax<'_>, Misread> {
    let input = Stateful { input: LocatingSlice::new(text), state: 0 };
    terminated(sum, space).parse(input).map_err(|error| {
        let too_deep = error.input().state > DEEPEST;
        if too_deep { Misread::TooDeep(error.offset()) } else { Misread::At(error.offset()) }
    })
}

fn space(input: &mut Input<'_>) -> ModalResult<()> {
    take_while(0.., char::is_whitespace).void().parse_next(input)
}

fn sum<'t>(input: &mut Input<'t>) -> ModalResult<Syntax<'t>> {
    let operands = expression(preceded(space, operand));
    operands.prefix(preceded(space, sign)).infix(preceded(space, operator)).parse_next(input)
}

/// Enters one more level; what enters is left again as soon as it is read, and never read in vain.
fn enter(input: &mut Input<'_>) -> ModalResult<()> {
    input.state += 1;
    if input.state > DEEPEST { Err(ErrMode::Cut(ContextError::new())) } else { Ok(()) }
}

fn sign<'t>(input: &mut Input<'t>) -> ModalResult<Prefix<Input<'t>, Syntax<'t>, Refused>> {
    let sign = one_of(['-', '+']).parse_next(input)?;
    enter(input)?;
    let minus = Prefix(SIGN, |input: &mut Input<'t>, operand| {
        input.state -= 1;
        Ok(Syntax::Minus(Box::new(operand)))
    });
    let plus = Prefix(SIGN, |input: &mut Input<'t>, operand| {
        input.state -= 1;
        Ok(operand)
    });
    Ok(if sign == '-' { minus } else { plus })
}

fn operator<'t>(input: &mut Input<'t>) -> ModalResult<Infix<Input<'t>, Syntax<'t>, Refused>> {
    use Infix::{Left, Right};
    if opt(alt(("**", "^"))).parse_next(input)?.is_some() {
        enter(input)?;
        return Ok(Right(POWER, |input, base, exponent| {
            input.state -= 1;
            Ok(binary(libm::pow, base, exponent))
        }));
    }
    if opt(literal("//")).parse_next(input)?.is_some() {
        return Ok(Left(PRODUCT, |_, left, right| Ok(binary(floor_divide, left, right))));
    }
    dispatch! {any;
        '+' => Left(SUM, |_, left, right| Ok(binary(|a, b| a + b, left, right))),
        '-' => Left(SUM, |_, left, right| Ok(binary(|a, b| a - b, left, right))),
        '*' => Left(PRODUCT, |_, left, right| Ok(binary(|a, b| a * b, left, right))),
        '/' => Left(PRODUCT, |_, left, right| Ok(binary(|a, b| a / b, left, right))),
        '%' => Left(PRODUCT, |_, left, right| Ok(binary(floor_mod, left, right))),
        _ => fail,
    }
    .parse_next(input)
}

fn binary<'t>(operation: fn(f64, f64) -> f64, left: Syntax<'t>, right: Syntax<'t>) -> Syntax<'t> {
    Syntax::Binary(operation, Box::new([left, right]))
}

fn operand<'t>(input: &mut Input<'t>) -> ModalResult<Syntax<'t>> {
    alt((number, named, parentheses)).parse_next(input)
}

fn parentheses<'t>(input: &mut Input<'t>) -> ModalResult<Syntax<'t>> {
    '('.parse_next(input)?;
    enter(input)?;
    let inside = cut_err(terminated(sum, (space, ')'))).parse_next(input)?;
    input.state -= 1;
    Ok(inside)
}

/// `2`, `2.`, `.5`, `1e-4`: digits before the point, behind it or both, and perhaps an exponent.
fn number<'t>(input: &mut Input<'t>) -> ModalResult<Syntax<'t>> {
    let digits = |least| take_while(least.., |c: char| c.is_ascii_digit());
    let whole = (digits(1), opt(('.', digits(0)))).void();
    let fraction = ('.', digits(1)).void();
    let exponent = (one_of(['e', 'E']), opt(one_of(['-', '+'])), digits(1));
    word((alt((whole, fraction)), opt(exponent)).take()).map(Syntax::Number).parse_next(input)
}

/// A name, with others before it as in `np.sin`, and its arguments if there are parentheses.
fn named<'t>(input: &mut Input<'t>) -> ModalResult<Syntax<'t>> {
    let name = (letter, take_while(0.., is_in_name), take_while(0.., |c| c == '.' || is_in_name(c)));
    let name = word(name.take()).parse_next(input)?;
    if opt((space, '(')).parse_next(input)?.is_none() {
        return Ok(Syntax::Name(name));
    }
    enter(input)?;
    let nothing = opt((space, ')')).parse_next(input)?;
    let arguments = if nothing.is_some() { Vec::new() } else { cut_err(arguments).parse_next(input)? };
    input.state -= 1;
    Ok(Syntax::Call(name, arguments))
}

fn arguments<'t>(input: &mut Input<'t>) -> ModalResult<Vec<Syntax<'t>>> {
    let mut arguments = vec![sum(input)?];
    while opt((space, ',')).parse_next(input)?.is_some() {
        arguments.push(sum(input)?);
    }
    (space, ')').parse_next(input)?;
    Ok(arguments)
}

fn letter(input: &mut Input<'_>) -> ModalResult<char> {
    one_of(|c: char| c.is_alphabetic() || c == '_').parse_next(input)
}

/// Whether a character may stand inside a name.
pub(super) fn is_in_name(c: char) -> bool {
    c.is_alphabetic() || c.is_ascii_digit() || c == '_'
}

fn word<'t>(parser: impl Parser<Input<'t>, &'t str, Refused>) -> impl Parser<Input<'t>, Word<'t>, Refused> {
    parser.with_span().map(|(text, span)| Word { text, at: span.start })
}
