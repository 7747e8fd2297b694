from ..company import Company
def fill(company: Company, *sizes: int) -> None:
    return None
