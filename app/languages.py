"""Languages by py3langid, which knows a hundred of them. Needs the packages of the extra `language`."""

from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]  # it has no annotations

from core.languages import words_of

# What the model says is how likely it is right. Below this, texts in two languages and names come up as a third one.
LEAST_LIKELIHOOD = 0.7
# The model's word for a text that is in no language.
NO_LANGUAGE = "zxx"


class Py3LangidDetector:
    """py3langid as a core.languages.LanguageDetector."""

    def __init__(self) -> None:
        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

    def detect(self, text: str) -> str | None:
        words = words_of(text)
        if not words:
            return None
        language, likelihood = self._identifier.classify(words)
        if likelihood < LEAST_LIKELIHOOD or language == NO_LANGUAGE:
            return None
        return str(language)
