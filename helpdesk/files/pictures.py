"""Pictures are decoded and written anew: what hid in them, and where they were taken, stays behind."""

import tempfile
import threading
from typing import IO, Any, Final

from django.conf import settings
from PIL import Image, ImageOps, ImageSequence

from helpdesk.files.errors import FileTooLarge, NotWhatItSays, PictureTooLarge

# One at a time in each process: a decoded picture is many times its file.
_ONE = threading.Lock()
_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "PNG": {"optimize": False},
    "JPEG": {"quality": 90},
    "GIF": {},
    "WEBP": {"quality": 90},
}


def written_anew(file: IO[bytes], *, picture: str) -> IO[bytes]:
    """Another file with the same pixels and nothing else; `picture` is Pillow's name of the format."""
    # Pillow's own limit would only warn.
    Image.MAX_IMAGE_PIXELS = None
    file.seek(0)
    with _ONE:
        try:
            with Image.open(file, formats=(picture,)) as image:
                return _written(image, picture)
        except (PictureTooLarge, FileTooLarge):
            raise
        except Exception as error:  # whatever a broken picture makes a decoder raise
            raise NotWhatItSays from error


def _written(image: Any, picture: str) -> IO[bytes]:
    frames = getattr(image, "n_frames", 1) if picture != "JPEG" else 1
    limit = settings.ATTACHMENT_MAX_PIXELS
    if image.width * image.height * frames > limit:
        raise PictureTooLarge(limit)
    out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - the caller's
    try:
        if frames > 1:
            _write_film(image, picture, out)
        else:
            plain = ImageOps.exif_transpose(image)
            plain.info = {k: v for k, v in plain.info.items() if k == "transparency"}
            plain.save(out, format=picture, **_OPTIONS[picture])
        _measure(out)
    except BaseException:
        out.close()
        raise
    return out


def _measure(out: IO[bytes]) -> None:
    if out.tell() > settings.ATTACHMENT_MAX_BYTES:
        raise FileTooLarge(settings.ATTACHMENT_MAX_BYTES)


def _write_film(image: Any, picture: str, out: IO[bytes]) -> None:
    loop = image.info.get("loop", 0)
    frames, durations = [], []
    for frame in ImageSequence.Iterator(image):
        durations.append(frame.info.get("duration", 100) or 100)
        frames.append(frame.convert("RGBA"))
    options = _OPTIONS[picture] | ({"disposal": 2} if picture == "GIF" else {})
    frames[0].save(
        out, format=picture, save_all=True, append_images=frames[1:], duration=durations, loop=loop, **options
    )
