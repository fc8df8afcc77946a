"""The box in which the course answers back: a sign, a word and a colour, then text."""

from IPython.display import HTML

__all__ = ["notice"]

# kind: (colour of the bar, sign)
KINDS = {
    "right": ("#009E73", "✓"),
    "wrong": ("#D55E00", "✗"),
    "open": ("#0072B2", "○"),
    "hint": ("#CC79A7", "?"),
}


def notice(kind: str, title: str, body: str = "") -> HTML:
    """A box of HTML. kind: one of KINDS. The caller escapes whatever a student wrote."""
    color, sign = KINDS[kind]
    return HTML(
        f'<div class="ladder" role="status" style="border-left:6px solid {color};padding:.3em .9em;'
        f'margin:.3em 0;font-size:16px;line-height:1.5;max-width:60em">'
        f"<b>{sign} {title}</b>{' ' if body else ''}{body}</div>"
    )
