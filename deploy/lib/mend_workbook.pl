#!/usr/bin/perl
# deploy/lib/mend_workbook.pl TABLE MENDS WORKBOOK - writes a workbook of one sheet again with cells put right, as somebody would by hand: those of TABLE in MENDS (table,row,column,value; no quotes),
# found by row and heading. Knows texts in the cells only, as error files have them.
use strict;
use warnings;
use IO::Compress::Zip qw($ZipError);
use IO::Uncompress::Unzip qw($UnzipError);

my ($table, $mends, $workbook) = @ARGV;

sub letters {
    my $n = shift;
    my $text = '';
    for (; $n > 0; $n = int(($n - 1) / 26)) { $text = chr(65 + ($n - 1) % 26) . $text }
    return $text;
}

sub number_of {
    my $n = 0;
    $n = $n * 26 + ord($_) - 64 for split //, shift;
    return $n;
}

# A row's cells by column; what stands around them is kept.
sub put {
    my ($row, $at, $column, $text) = @_;
    my %cells;
    $cells{number_of($2)} = $1 while $row =~ m{(<c r="([A-Z]+)\d+"(?:[^>]*/>|.*?</c>))}sg;
    delete $cells{$column};
    $text =~ s/&/&amp;/g;
    $text =~ s/</&lt;/g;
    $cells{$column} = sprintf '<c r="%s%d" t="inlineStr"><is><t>%s</t></is></c>', letters($column), $at, $text if $text ne '';
    return join '', map { $cells{$_} } sort { $a <=> $b } keys %cells;
}

sub mend {
    my $sheet = shift;
    my %column;
    my ($headings) = $sheet =~ m{<row r="1"[^>]*>(.*?)</row>}s or die "no headings\n";
    $column{$2} = number_of($1) while $headings =~ m{<c r="([A-Z]+)1"[^>]*><is><t[^>]*>([^<]*)</t></is></c>}g;
    open my $lines, '<', $mends or die "$mends: $!\n";
    while (my $line = <$lines>) {
        chomp $line;
        my ($of, $row, $heading, $value) = split /,/, $line, 4;
        next if $of ne $table;
        die "no column $heading\n" unless $column{$heading};
        $sheet =~ s{(<row r="$row"[^>]*>)(.*?)(</row>)}{$1 . put($2, $row, $column{$heading}, $value) . $3}se or die "no row $row\n";
    }
    return $sheet;
}

my $in = IO::Uncompress::Unzip->new($workbook) or die "$workbook: $UnzipError\n";
my $out;
do {
    my $name = $in->getHeaderInfo->{Name};
    my $content = do { local $/; <$in> };
    $content = mend($content) if $name eq 'xl/worksheets/sheet1.xml';
    $out ? $out->newStream(Name => $name) : ($out = IO::Compress::Zip->new("$workbook.new", Name => $name));
    $out or die "$workbook.new: $ZipError\n";
    $out->print($content);
} while ($in->nextStream == 1);
$out->close or die "$workbook.new: $ZipError\n";
rename "$workbook.new", $workbook or die "$workbook: $!\n";
