"""The question under every page of the help."""

from django import forms

from crm.models import HelpAnswer


class HelpAnswerForm(forms.Form):
    has_helped = forms.TypedChoiceField(
        label="Did this answer your question?",
        choices=[("yes", "Yes"), ("no", "No")],
        coerce=lambda answer: answer == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose Yes or No."},
    )
    sentence = forms.CharField(
        label="What helped, or what was missing?",
        required=False,
        help_text="Your admins read it, with your name.",
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": HelpAnswer.SENTENCE_LENGTH}),
    )

    def clean_sentence(self) -> str:
        """One line of text. Counted here, because a browser sends a line break as two characters but counts one."""
        sentence = " ".join(self.cleaned_data["sentence"].split())
        if len(sentence) > HelpAnswer.SENTENCE_LENGTH:
            raise forms.ValidationError(
                f"Write at most {HelpAnswer.SENTENCE_LENGTH} characters; these are {len(sentence)}."
            )
        return sentence
