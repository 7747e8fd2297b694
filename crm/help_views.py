"""The help inside the product, the question under each page, and what people answered."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from crm.audit import actor_of
from crm.forms_help import HelpAnswerForm
from crm.help_pages import all_pages, page_named
from crm.models import HelpAnswer
from crm.paging import paginate
from crm.roles import allowed


@require_GET
@allowed("help")
def help_index(request: HttpRequest) -> HttpResponse:
    pages = all_pages()
    if not pages:
        raise Http404
    return render(request, "help/index.html", {"pages": pages})


@require_http_methods(["GET", "POST"])
@allowed("help")
def help_page(request: HttpRequest, slug: str) -> HttpResponse:
    """One page. A POST is the answer to its question; who answers again changes their answer."""
    page = page_named(slug)
    if page is None:
        raise Http404
    mine = HelpAnswer.objects.filter(user=actor_of(request), page=slug)
    form = HelpAnswerForm(request.POST if request.method == "POST" else None, initial=_initial(mine.first()))
    if form.is_valid():
        HelpAnswer.objects.update_or_create(
            user=actor_of(request), page=slug, defaults={**form.cleaned_data, "answered_at": timezone.now()}
        )
        messages.success(request, "Thank you. Your answer is kept; you can change it here at any time.")
        return redirect(page)
    context = {"page": page, "form": form}
    return render(request, "help/page.html", context, status=422 if form.errors else 200)


@require_GET
@allowed("settings")
def help_answers(request: HttpRequest) -> HttpResponse:
    """How often each page helped, and what people wrote, newest first."""
    titles = {page.slug: page.title for page in all_pages()}
    counts = HelpAnswer.objects.values("page").annotate(
        yes=Count("pk", filter=Q(has_helped=True)), no=Count("pk", filter=Q(has_helped=False))
    )
    written = HelpAnswer.objects.exclude(sentence="").select_related("user")
    page = paginate(request, written, orders={"newest": ("-answered_at", "-id")}, default="newest")
    context = {
        "counts": [{**row, "title": titles.get(row["page"], row["page"])} for row in counts.order_by("page")],
        "answers": [{"row": row, "title": titles.get(row.page, row.page)} for row in page.items],
        "page": page,
    }
    return render(request, "help/answers.html", context)


def _initial(answer: HelpAnswer | None) -> dict[str, str]:
    if answer is None:
        return {}
    return {"has_helped": "yes" if answer.has_helped else "no", "sentence": answer.sentence}
