"""How static files are named: by content hash once they have been collected, plainly before."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class CollectedOrPlainStorage(CompressedManifestStaticFilesStorage):
    """Whitenoise's hashed and compressed files, which does without them in a fresh checkout.

    Nothing has been collected there and the manifest is empty: each name then stands for
    itself, and whitenoise finds the file in the source folders. With a manifest, a name
    that it lacks is an error, as ever.
    """

    def stored_name(self, name):
        return super().stored_name(name) if self.hashed_files else name
