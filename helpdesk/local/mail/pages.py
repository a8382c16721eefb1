"""The mails for human eyes. What a mail brings is escaped, or shut into a frame that may do nothing."""

from html import escape

from .mailbox import Message

# No script, no remote picture, no form: neither here nor inside the frame.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; base-uri 'none'"

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }}
  table {{ border-collapse: collapse; width: 100%; }}
  th, td {{ border-bottom: 1px solid #ddd; padding: .4rem; text-align: left; vertical-align: top; }}
  iframe {{ border: 1px solid #ddd; height: 30rem; width: 100%; }}
  pre {{ border: 1px solid #ddd; overflow: auto; padding: 1rem; white-space: pre-wrap; }}
</style>
{body}
</html>
"""
_SHOWN = 200


def inbox(messages: list[Message]) -> str:
    rows = "".join(_row(message.summary()) for message in messages[:_SHOWN])
    count = f"<p>{len(messages)} mails, the newest first. Nothing leaves this machine.</p>"
    table = f"<table><tr><th>To</th><th>Subject</th><th>Received</th></tr>{rows}</table>"
    return _PAGE.format(title="Mail", body=f"<h1>Mail</h1>{count}{table if rows else ''}")


def letter(message: Message) -> str:
    detail = message.detail()
    subject = escape(detail["Subject"]) or "(no subject)"
    headers = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
        for name, values in message.headers().items()
        for value in values
    )
    parts = f'<p><a href="/">All mails</a></p><h1>{subject}</h1>'
    if detail["HTML"]:
        parts += f'<iframe sandbox title="HTML" srcdoc="{escape(detail["HTML"])}"></iframe>'
    if detail["Text"]:
        parts += f"<h2>Text</h2><pre>{escape(detail['Text'])}</pre>"
    return _PAGE.format(title=subject, body=f"{parts}<h2>Headers</h2><table>{headers}</table>")


def _row(summary: dict[str, object]) -> str:
    receivers = [*summary["To"], *summary["Cc"], *summary["Bcc"]]  # type: ignore[misc]
    to = escape(", ".join(receiver["Address"] for receiver in receivers))
    subject = escape(str(summary["Subject"])) or "(no subject)"
    link = f'<a href="/view/{summary["ID"]}">{subject}</a>'
    return f"<tr><td>{to}</td><td>{link}<br>{escape(str(summary['Snippet']))}</td><td>{summary['Created']}</td></tr>"
